import type { Attachment, SendError } from '@backchannel/client';
import { cleanName, isolated } from '../../ui/names.ts';

const UNITS = ['kB', 'MB', 'GB', 'TB'];

/** For example "340 kB" or "1.2 MB", by powers of 1,024, as limits are set. */
export function sizeText(bytes: number): string {
  if (bytes < 1_024) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
  let size = bytes / 1_024;
  let unit = 0;
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1_024;
    unit += 1;
  }
  return `${size.toLocaleString(undefined, { maximumFractionDigits: size < 10 ? 1 : 0 })} ${UNITS[unit]}`;
}

interface Named {
  readonly name: string;
}

/** The displayable name of a file. Use `<FileName>` in elements, `fileInText` in sentences. */
export const fileName = ({ name }: Named): string => cleanName(name) || 'file';
export const fileInText = ({ name }: Named): string => isolated(name) || 'file';

/** The name in two parts, so that a long one can be cut without losing its ending. */
export function nameParts(file: Named): readonly [string, string] {
  const name = fileName(file);
  const ending = /.\.(?<ending>[\p{L}\p{N}]{1,8})$/u.exec(name)?.groups?.['ending'] ?? '';
  return ending ? [name.slice(0, -ending.length - 1), `.${ending}`] : [name, ''];
}

const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^image\//, 'Picture'],
  [/^video\//, 'Video'],
  [/^audio\//, 'Audio'],
  [/pdf$/, 'PDF'],
  [/zip|tar|compressed|gzip|7z|rar/, 'Archive'],
  [/spreadsheet|excel|csv/, 'Spreadsheet'],
  [/presentation|powerpoint/, 'Presentation'],
  [/word|opendocument\.text|rtf/, 'Document'],
  [/^text\//, 'Text'],
];

/** What a file is, in one word: its kind, else its ending. */
export function kindText({ name, content_type }: Named & { readonly content_type: string }): string {
  const kind = KINDS.find(([pattern]) => pattern.test(content_type))?.[1];
  return kind ?? (nameParts({ name })[1].slice(1).toUpperCase() || 'File');
}

export type Kind = 'picture' | 'video' | 'audio' | 'file';

/** How a file of a message is shown. Only what the server serves in place is played. */
export function kindOf({ content_type, width, height }: Attachment): Kind {
  if (width && height) return 'picture';
  if (/^video\/(?:mp4|webm|ogg)$/.test(content_type)) return 'video';
  return /^audio\/(?:mp4|x-m4a|webm|mpeg|ogg)$/.test(content_type) ? 'audio' : 'file';
}

/** Why a file was not uploaded, and what helps. */
export function problemText(error: Pick<SendError, 'code' | 'detail'> | null): string {
  switch (error?.code) {
    case 'infected':
      return 'The server’s virus scanner refused this file.';
    case 'quota_exceeded':
      return 'There is no room left for your files. Delete messages with large files, or ask an administrator.';
    case 'lost':
      return 'This device no longer has the file. Remove it and choose it again.';
    case 'not_a_member':
    case 'forbidden':
    case 'room_not_found':
      return 'You cannot send files here any more.';
    default:
      return error?.detail || 'The server refused this file.';
  }
}
