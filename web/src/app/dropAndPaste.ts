import { useEffect } from 'react';
import { toast } from '../ui/Toasts.tsx';

/** The field that messages are written in; null where no room is open, or a dialog lies over it. */
export function composerField(): HTMLTextAreaElement | null {
  return document.querySelector('dialog[open]') ? null : document.querySelector('textarea[data-focus-home]');
}

/** True where keys have a meaning of their own: fields, menus, dialogs. */
export function takesKeys(element: Element | null): boolean {
  return Boolean(element?.closest('input, textarea, select, [contenteditable], [role=menu], dialog'));
}

/** At the caret, as if typed: undo takes it back. False where there is nothing to write in. */
function insert(text: string): boolean {
  const field = composerField();
  field?.focus({ preventScroll: true });
  return field !== null && document.execCommand('insertText', false, text);
}

/** What was dropped or pasted, as text; "" where there is none. A file of this computer has no address to send. */
function textOf(data: DataTransfer): string {
  const text = data.getData('text/plain') || (data.getData('text/uri-list').split(/\r?\n/)[0] ?? '');
  return /^file:/i.test(text) ? '' : text;
}

function refuseFiles(): void {
  toast('Files and images cannot be sent yet. You can send a link to one.', 'problem');
}

/**
 * Drops and pastes anywhere in the window. The browser would open a dropped file or link in place of the app; here it never
 * does. Text and links go to the composer, files are refused in words.
 */
export function useDropAndPaste(): void {
  useEffect(() => {
    const stop = new AbortController();
    // A drag that began in this page is somebody's slip, unless it ends in a field: the browser does that.
    let ours = false;
    const isForBrowser = ({ target, dataTransfer }: DragEvent) =>
      target instanceof Element && takesText(target) && !dataTransfer?.types.includes('Files');

    const onDrag = (event: DragEvent) => {
      if (isForBrowser(event)) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = ours ? 'none' : 'copy';
    };
    const onDrop = (event: DragEvent) => {
      if (isForBrowser(event)) return;
      event.preventDefault();
      const data = event.dataTransfer;
      if (!data || ours) return;
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
    window.addEventListener('dragstart', () => (ours = true), { signal });
    window.addEventListener('dragend', () => (ours = false), { signal });
    for (const name of ['dragenter', 'dragover'] as const) window.addEventListener(name, onDrag, { signal });
    window.addEventListener('drop', onDrop, { signal });
    window.addEventListener('paste', onPaste, { signal });
    return () => stop.abort();
  }, []);
}

const takesText = (element: Element): boolean => element.closest('input, textarea, [contenteditable]') !== null;
