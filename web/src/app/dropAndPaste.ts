import { useEffect } from 'react';
import { toast } from '../ui/Toasts.tsx';
import { type FileField, fileDrag, fileTargets } from './files.ts';

/** The composer's text field; null if no room is open, or a dialog or panel covers it. */
export const composerField = () => fieldAt('textarea[data-focus-home]');

/** The field of the open thread; null if none is open, or a dialog covers it. */
const replyField = () => fieldAt('#thread textarea[data-reply]');

function fieldAt(selector: string): HTMLTextAreaElement | null {
  const field = document.querySelector<HTMLTextAreaElement>(selector);
  const isCovered = document.querySelector('dialog[open]') !== null;
  return !isCovered && field?.checkVisibility({ visibilityProperty: true }) ? field : null;
}

/** Where a drop or a paste at this element goes: to the thread in its panel, or where that covers the room; else to the room. */
function placeAt(
  element: EventTarget | null,
): { readonly name: FileField; readonly field: HTMLTextAreaElement } | null {
  const isInThread = element instanceof Element && element.closest('#thread') !== null;
  const room = isInThread ? null : composerField();
  if (room) return { name: 'room', field: room };
  const thread = replyField();
  return thread && { name: 'thread', field: thread };
}

/** Whether key presses belong to the element: fields, menus, dialogs. */
export function takesKeys(element: Element | null): boolean {
  return Boolean(element?.closest('input, textarea, select, [contenteditable], [role=menu], dialog'));
}

/** Inserts at the caret as if typed, so that undo works. Returns false if there is no field. */
function insert(text: string, at: EventTarget | null): boolean {
  const field = placeAt(at)?.field;
  field?.focus({ preventScroll: true });
  return field !== undefined && document.execCommand('insertText', false, text);
}

/** The dropped or pasted text or link, "" if none. `file:` addresses are ignored: nobody else can open them. */
function textOf(data: DataTransfer): string {
  const text = data.getData('text/plain') || (data.getData('text/uri-list').split(/\r?\n/)[0] ?? '');
  return /^file:/i.test(text) ? '' : text;
}

/** Which field takes files at this element; null if no room is open or a dialog covers it. */
function fileFieldAt(element: EventTarget | null): FileField | null {
  const name = placeAt(element)?.name;
  return name && fileTargets.get()[name] ? name : null;
}

/** Gives dropped or pasted files to the room or thread that is open. */
function give(data: DataTransfer, at: EventTarget | null): void {
  const field = fileFieldAt(at);
  const take = field && fileTargets.get()[field];
  // Folders are among the files, as if they were files without content.
  const items = [...data.items].filter(({ kind }) => kind === 'file');
  const isFolder = items.map((item) => item.webkitGetAsEntry()?.isDirectory ?? false);
  const files = [...data.files].filter((_, index) => !isFolder[index]);
  if (!take) toast('Files go to the room that is open. Open one first.', 'problem');
  else if (files.length > 0) take(files);
  if (isFolder.includes(true))
    toast('A folder cannot be sent. Choose its files, or put it into a ZIP file.', 'problem');
}

/** Without `dragover` for so long, the drag is over: browsers repeat it every 350 ms at most. */
const DRAG_GONE_MS = 800;

/**
 * Handles drops and pastes anywhere in the window. Text and links go to the composer, files to the room that is open; the
 * browser never opens a dropped file or link in place of the app.
 */
export function useDropAndPaste(): void {
  useEffect(() => {
    const stop = new AbortController();
    // A drag that started in this page does nothing, unless it ends in a field, where the browser moves the text.
    let startedHere = false;
    const isTextField = ({ target, dataTransfer }: DragEvent) =>
      target instanceof Element && acceptsText(target) && !dataTransfer?.types.includes('Files');

    let timer: ReturnType<typeof setTimeout> | undefined;
    const endDrag = () => {
      clearTimeout(timer);
      fileDrag.set(null);
    };
    const onDrag = (event: DragEvent) => {
      if (isTextField(event)) return;
      event.preventDefault();
      const data = event.dataTransfer;
      if (!data) return;
      const hasFiles = data.types.includes('Files');
      const field = hasFiles ? fileFieldAt(event.target) : null;
      const isWanted = !startedHere && (!hasFiles || field !== null);
      data.dropEffect = isWanted ? 'copy' : 'none';
      if (!isWanted || !hasFiles) return;
      fileDrag.set(field);
      // Not every browser says that a drag was cancelled or has left the window; but it says all the time that it goes on.
      clearTimeout(timer);
      timer = setTimeout(endDrag, DRAG_GONE_MS);
    };
    const onDrop = (event: DragEvent) => {
      endDrag();
      if (isTextField(event)) return;
      event.preventDefault();
      const data = event.dataTransfer;
      if (!data || startedHere) return;
      const text = textOf(data);
      if (data.types.includes('Files')) give(data, event.target);
      else if (text !== '') insert(text, event.target);
    };
    const onPaste = (event: ClipboardEvent) => {
      const data = event.clipboardData;
      if (event.defaultPrevented || !data) return;
      const text = textOf(data);
      if (text === '' && data.types.includes('Files')) {
        event.preventDefault();
        give(data, event.target);
      } else if (text !== '' && !takesKeys(event.target as Element) && insert(text, event.target))
        event.preventDefault();
    };
    const { signal } = stop;
    window.addEventListener('dragstart', () => (startedHere = true), { signal });
    window.addEventListener('dragend', () => (startedHere = false), { signal });
    for (const name of ['dragenter', 'dragover'] as const) window.addEventListener(name, onDrag, { signal });
    window.addEventListener('drop', onDrop, { signal });
    window.addEventListener('paste', onPaste, { signal });
    return () => {
      endDrag();
      stop.abort();
    };
  }, []);
}

const acceptsText = (element: Element): boolean => element.closest('input, textarea, [contenteditable]') !== null;
