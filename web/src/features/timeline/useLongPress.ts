import { type MouseEvent, type PointerEvent, useRef } from 'react';
import { swallowPress } from '../../ui/swallowPress.ts';

/** How long a finger must rest. */
const HOLD_MS = 420;
/** A finger that has moved this far is scrolling. */
const MOVE_TOLERANCE_PX = 10;

/** Handlers for a long press by touch or pen. */
export function useLongPress(onHold: (x: number, y: number) => void) {
  const press = useRef<{ timer: ReturnType<typeof setTimeout>; x: number; y: number } | null>(null);
  const cancel = () => {
    if (press.current) clearTimeout(press.current.timer);
    press.current = null;
  };
  return {
    onPointerDown(event: PointerEvent) {
      if (event.pointerType === 'mouse') return;
      cancel();
      const { clientX: x, clientY: y } = event;
      const timer = setTimeout(() => {
        press.current = null;
        navigator.vibrate?.(8);
        // What opens now is under the finger: lifting it must not press anything.
        swallowPress();
        onHold(x, y);
      }, HOLD_MS);
      press.current = { timer, x, y };
    },
    onPointerMove(event: PointerEvent) {
      const from = press.current;
      if (from && Math.hypot(event.clientX - from.x, event.clientY - from.y) > MOVE_TOLERANCE_PX) cancel();
    },
    onPointerUp: cancel,
    onPointerCancel: cancel,
    onContextMenu(event: MouseEvent) {
      // On touch devices, suppress the browser's menu, which would cover ours; keep it for a mouse.
      if (matchMedia('(pointer: coarse)').matches) event.preventDefault();
    },
  };
}
