import { type PointerEvent, useRef, useState } from 'react';

/** A finger that has moved so far, in px, has swiped. */
const SWIPE_PX = 56;
/** Before that, the direction is not known. */
const START_PX = 8;

interface SwipeOptions {
  readonly enabled: boolean;
  readonly onLeft: () => void;
  readonly onRight: () => void;
  readonly onDown: () => void;
}

const STILL = { x: 0, y: 0 };

/** Swipes of one finger or a pen. `offset`: how far it has moved what it swipes, along one axis. */
export function useSwipe({ enabled, onLeft, onRight, onDown }: SwipeOptions) {
  const start = useRef<{ id: number; x: number; y: number; axis: 'x' | 'y' | null } | null>(null);
  const [offset, setOffset] = useState(STILL);
  const end = () => {
    start.current = null;
    setOffset(STILL);
  };
  const handlers = {
    onPointerDown(event: PointerEvent) {
      // A second finger zooms; so does the browser's own zoom, in which one finger moves the page.
      const isZooming = start.current !== null || (globalThis.visualViewport?.scale ?? 1) > 1.01;
      if (event.pointerType === 'mouse' || !enabled) return;
      if (isZooming) return end();
      start.current = { id: event.pointerId, x: event.clientX, y: event.clientY, axis: null };
    },
    onPointerMove(event: PointerEvent) {
      const from = start.current;
      if (from?.id !== event.pointerId) return;
      const [x, y] = [event.clientX - from.x, event.clientY - from.y];
      if (Math.max(Math.abs(x), Math.abs(y)) < START_PX) return;
      from.axis ??= Math.abs(x) > Math.abs(y) ? 'x' : 'y';
      setOffset(from.axis === 'x' ? { x, y: 0 } : { x: 0, y: Math.max(0, y) });
    },
    onPointerUp(event: PointerEvent) {
      const from = start.current;
      if (from?.id !== event.pointerId) return;
      end();
      const [x, y] = [event.clientX - from.x, event.clientY - from.y];
      if (from.axis === 'x' && x <= -SWIPE_PX) onLeft();
      if (from.axis === 'x' && x >= SWIPE_PX) onRight();
      if (from.axis === 'y' && y >= SWIPE_PX) onDown();
    },
    onPointerCancel: end,
  };
  return { offset, handlers };
}
