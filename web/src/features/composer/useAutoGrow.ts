import { type RefObject, useLayoutEffect } from 'react';

const native = typeof CSS !== 'undefined' && CSS.supports('field-sizing', 'content');

/** Grows with its text where the browser does not do so by itself (`field-sizing: content`). */
export function useAutoGrow(field: RefObject<HTMLTextAreaElement | null>, text: string): void {
  useLayoutEffect(() => {
    const element = field.current;
    if (native || !element) return;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight}px`;
  }, [field, text]);
}
