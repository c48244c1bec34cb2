/**
 * On a phone, Back closes the topmost layer (menu, sheet, dialog or panel) before it leaves the room.
 *
 * Each open layer has a history entry with the same address; the entry's state has the number of open layers. React
 * opens and closes layers, the user moves through the history, and the history changes asynchronously. `sync` makes the
 * history match the layers, one step at a time; every navigation waits until the page's own entry is on top
 * (`whenOnPageEntry`).
 */
import { useEffect, useRef } from 'react';

/** `history.go` takes effect within milliseconds, or never if there is no entry to go to. */
const GO_TIMEOUT_MS = 1_000;

/** Functions that close the open layers, the topmost last. */
const layers: (() => void)[] = [];
/** Navigations that wait for the page's own entry. */
const waiting: (() => void)[] = [];
/** Set while a `history.go` of ours is under way. */
let goTimeout: ReturnType<typeof setTimeout> | undefined;
let scheduled = false;

interface EntryState {
  /** How many layers are open at this entry. */
  readonly layers?: number;
}

const stateNow = (): EntryState => (history.state as EntryState | null) ?? {};
const layersInHistory = (): number => stateNow().layers ?? 0;

/** Narrow windows and touch devices. */
const closesByBack = (): boolean => matchMedia('(max-width: 47.99rem), (pointer: coarse)').matches;

/** While mounted and `active`, Back calls `onBack` instead of leaving the page. */
export function useBackLayer(onBack: () => void, active = true): void {
  const close = useRef(onBack);
  close.current = onBack;
  useEffect(() => {
    if (!active || !closesByBack()) return undefined;
    const layer = () => close.current();
    layers.push(layer);
    schedule();
    return () => {
      const at = layers.indexOf(layer);
      if (at >= 0) layers.splice(at, 1);
      schedule();
    };
  }, [active]);
}

/** Runs `run` once the page's own history entry is current, not that of a layer; at once if it is. */
export function whenOnPageEntry(run: () => void): void {
  waiting.push(run);
  sync();
}

/** Moves through the history; `sync` continues afterwards. */
export function goInHistory(by: number): void {
  goTimeout = setTimeout(() => {
    // There was no such entry: treat the current one as the page's own.
    goTimeout = undefined;
    history.replaceState({ ...stateNow(), layers: 0 }, '');
    sync();
  }, GO_TIMEOUT_MS);
  history.go(by);
}

/** Syncs in the next microtask, so that replacing a menu by a dialog changes nothing. */
function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    sync();
  });
}

function sync(): void {
  while (goTimeout === undefined) {
    const at = layersInHistory();
    if (waiting.length > 0) {
      if (at > 0) return goInHistory(-at);
      waiting.shift()?.();
    } else if (layers.length > at) history.pushState({ ...stateNow(), layers: at + 1 }, '');
    else if (layers.length < at) return goInHistory(layers.length - at);
    else return undefined;
  }
  return undefined;
}

globalThis.addEventListener('popstate', () => {
  if (goTimeout !== undefined) {
    clearTimeout(goTimeout);
    goTimeout = undefined;
  } else {
    // Moved by the user: Back closes the layers above; Forward has nothing to reopen, so `sync` undoes it.
    while (layers.length > layersInHistory()) layers.pop()?.();
  }
  sync();
});
