import { useEffect } from 'react';
import { toast } from '../ui/Toasts.tsx';

/** The composer's text field; null if no room is open or a dialog covers it. */
export function composerField(): HTMLTextAreaElement | null {
  return document.querySelector('dialog[open]') ? null : document.querySelector('textarea[data-focus-home]');
}

/** Whether key presses belong to the element: fields, menus, dialogs. */
export function takesKeys(element: Element | null): boolean {
  return Boolean(element?.closest('input, textarea, select, [contenteditable], [role=menu], dialog'));
}

/** Inserts at the caret as if typed, so that undo works. Returns false if there is no composer. */
function insert(text: string): boolean {
  const field = composerField();
  field?.focus({ preventScroll: true });
  return field !== null && document.execCommand('insertText', false, text);
}

/** The dropped or pasted text or link, "" if none. `file:` addresses are ignored: nobody else can open them. */
function textOf(data: DataTransfer): string {
  const text = data.getData('text/plain') || (data.getData('text/uri-list').split(/\r?\n/)[0] ?? '');
  return /^file:/i.test(text) ? '' : text;
}

function refuseFiles(): void {
  toast('Files and images cannot be sent yet. You can send a link to one.', 'problem');
}

/**
 * Handles drops and pastes anywhere in the window. Text and links go to the composer, files are refused with a toast;
 * the browser never opens a dropped file or link in place of the app.
 */
export function useDropAndPaste(): void {
  useEffect(() => {
    const stop = new AbortController();
    // A drag that started in this page does nothing, unless it ends in a field, where the browser moves the text.
    let startedHere = false;
    const isTextField = ({ target, dataTransfer }: DragEvent) =>
      target instanceof Element && acceptsText(target) && !dataTransfer?.types.includes('Files');

    const onDrag = (event: DragEvent) => {
      if (isTextField(event)) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = startedHere ? 'none' : 'copy';
    };
    const onDrop = (event: DragEvent) => {
      if (isTextField(event)) return;
      event.preventDefault();
      const data = event.dataTransfer;
      if (!data || startedHere) return;
      const text = textOf(data);
      if (text !== '') insert(text);
      else if (data.types.includes('Files')) refuseFiles();
    };
    const onPaste = (event: ClipboardEvent) => {
      const data = event.clipboardData;
      if (event.defaultPrevented || !data) return;
      const text = textOf(data);
      if (text === '' && data.types.includes('Files')) {
        event.preventDefault();
        refuseFiles();
      } else if (text !== '' && !takesKeys(event.target as Element) && insert(text)) event.preventDefault();
    };
    const { signal } = stop;
    window.addEventListener('dragstart', () => (startedHere = true), { signal });
    window.addEventListener('dragend', () => (startedHere = false), { signal });
    for (const name of ['dragenter', 'dragover'] as const) window.addEventListener(name, onDrag, { signal });
    window.addEventListener('drop', onDrop, { signal });
    window.addEventListener('paste', onPaste, { signal });
    return () => stop.abort();
  }, []);
}

const acceptsText = (element: Element): boolean => element.closest('input, textarea, [contenteditable]') !== null;
