import type { Asked } from './ask.ts';

const ADDRESS = /\/rooms\/(\d+)\/(\d+)(?:[/?#]|$)/;
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** How `/api/fleet/journey` is asked for a message that a person names by its address, or by its id; null if the text is neither. */
export function askedBy(text: string): Asked | null {
  const name = text.trim();
  if (ID.test(name)) return { message: name };
  const [, room, seq] = ADDRESS.exec(name) ?? [];
  return room !== undefined && seq !== undefined ? { room, seq } : null;
}
