import { type RefObject, useLayoutEffect } from 'react';

const native = typeof CSS !== 'undefined' && CSS.supports('field-sizing', 'content');

/** Makes the field grow with its text, in browsers without `field-sizing: content`. */
export function useAutoGrow(field: RefObject<HTMLTextAreaElement | null>, text: string): void {
  useLayoutEffect(() => {
    const element = field.current;
    if (native || !element) return;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight}px`;
  }, [field, text]);
}
