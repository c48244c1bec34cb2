import { toast } from './Toasts.tsx';

/**
 * Copies `text`. Returns false, after a toast, if the browser refuses. The fallback is for http pages, which lack the
 * clipboard API.
 */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    field.setAttribute('readonly', '');
    field.className = 'sr-only';
    const before = document.activeElement;
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    if (before instanceof HTMLElement) before.focus();
    if (!done) toast('The browser did not allow copying.', 'problem');
    return done;
  }
}
