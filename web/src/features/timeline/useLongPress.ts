import { type MouseEvent, type PointerEvent, useRef } from 'react';
import { swallowPress } from '../../ui/swallowPress.ts';

const HOLD_MS = 420;
/** A finger that has moved this far is scrolling. */
const SLACK_PX = 10;

/** Holding a finger on it, or the right mouse button on a touch device's way of saying the same. */
export function useLongPress(onHold: (x: number, y: number) => void) {
  const held = useRef<{ timer: ReturnType<typeof setTimeout>; x: number; y: number } | null>(null);
  const cancel = () => {
    if (held.current) clearTimeout(held.current.timer);
    held.current = null;
  };
  return {
    onPointerDown(event: PointerEvent) {
      if (event.pointerType === 'mouse') return;
      cancel();
      const { clientX: x, clientY: y } = event;
      const timer = setTimeout(() => {
        held.current = null;
        navigator.vibrate?.(8);
        // What opens now lies under the finger: lifting it must choose nothing.
        swallowPress();
        onHold(x, y);
      }, HOLD_MS);
      held.current = { timer, x, y };
    },
    onPointerMove(event: PointerEvent) {
      const from = held.current;
      if (from && Math.hypot(event.clientX - from.x, event.clientY - from.y) > SLACK_PX) cancel();
    },
    onPointerUp: cancel,
    onPointerCancel: cancel,
    onContextMenu(event: MouseEvent) {
      // The browser's own menu on a long press would lie over ours; with a mouse it stays the browser's.
      if (matchMedia('(pointer: coarse)').matches) event.preventDefault();
    },
  };
}
