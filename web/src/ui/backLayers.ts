/**
 * What Back closes on a phone: the topmost menu, sheet, dialog or panel, before it leaves the room.
 *
 * Each open layer has an entry of its own in the browser's history, at the same address, with its height in the entry's state.
 * Layers open and close by React's hand, history moves by the person's and answers late; `settle` brings the one in line with
 * the other, a step at a time, and everything that navigates waits for it (`whenOnPageEntry`).
 */
import { useEffect, useRef } from 'react';

/** A step in history is answered within milliseconds, or never: there was no entry to go to. */
const ANSWER_MS = 1_000;

/** How to close each, the topmost last. */
const layers: (() => void)[] = [];
const waiting: (() => void)[] = [];
let moving: ReturnType<typeof setTimeout> | undefined;
let scheduled = false;

interface EntryState {
  /** How many layers are open at this entry. */
  readonly layers?: number;
}

const stateNow = (): EntryState => (history.state as EntryState | null) ?? {};
const height = (): number => stateNow().layers ?? 0;

/** Where Back is the way to close things: narrow windows and fingers. */
const closesByBack = (): boolean => matchMedia('(max-width: 47.99rem), (pointer: coarse)').matches;

/** While it is mounted, Back calls `onBack` instead of leaving the page. */
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

/** Runs where no entry of a layer lies on top, so that what it changes is the page's own entry. At once where that is so now. */
export function whenOnPageEntry(run: () => void): void {
  waiting.push(run);
  settle();
}

/** A step in history of our own. What waits goes on after it. */
export function goInHistory(by: number): void {
  moving = setTimeout(() => {
    // Nothing was there. The entry stays, as one of the page's own.
    moving = undefined;
    history.replaceState({ ...stateNow(), layers: 0 }, '');
    settle();
  }, ANSWER_MS);
  history.go(by);
}

/** In the next microtask: a menu that gives way to a dialog is no change. */
function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    settle();
  });
}

function settle(): void {
  while (moving === undefined) {
    const at = height();
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
  if (moving !== undefined) {
    clearTimeout(moving);
    moving = undefined;
  } else {
    // By hand: back closes what lies above; forward finds nothing there any more, and is taken back.
    while (layers.length > height()) layers.pop()?.();
  }
  settle();
});
