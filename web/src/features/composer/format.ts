import type { KeyboardEvent } from 'react';

const MARKS: Readonly<Record<string, string>> = { b: '**', i: '_', e: '`' };

/** Ctrl+B, I and E toggle Markdown marks around the selection. Inserted as if typed, so that undo works. */
export function formatByKey(event: KeyboardEvent<HTMLTextAreaElement>): void {
  const mark = MARKS[event.key.toLowerCase()];
  if (mark === undefined || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  event.preventDefault();
  const field = event.currentTarget;
  const { selectionStart: from, selectionEnd: to } = field;
  const chosen = field.value.slice(from, to);
  const wrapped = chosen.startsWith(mark) && chosen.endsWith(mark) && chosen.length > mark.length * 2;
  const next = wrapped ? chosen.slice(mark.length, -mark.length) : mark + chosen + mark;
  document.execCommand('insertText', false, next);
  if (chosen === '') field.setSelectionRange(from + mark.length, from + mark.length);
  else field.setSelectionRange(from, from + next.length);
}
