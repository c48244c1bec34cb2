/**
 * What is typed and not sent, kept for this tab over reloads and changes of the room. The next person who signs in in this tab does
 * not get it: `forgetDrafts` is called at the sign-out.
 */
const PREFIX = 'shop.draft.';

export function readDraft(roomId: number): string {
  try {
    return sessionStorage.getItem(PREFIX + roomId) ?? '';
  } catch {
    return ''; // the browser stores nothing for this site
  }
}

export function writeDraft(roomId: number, text: string): void {
  try {
    if (text) sessionStorage.setItem(PREFIX + roomId, text);
    else sessionStorage.removeItem(PREFIX + roomId);
  } catch {
    // Full, or switched off: the text is on the screen.
  }
}

export function forgetDrafts(): void {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  }
}
