import type { Attachment, Message } from '@backchannel/client';

/** A message in words: its text, else what files it has, such as "A picture and 2 files". */
export const messageText = ({ content, attachments }: Pick<Message, 'content' | 'attachments'>): string =>
  content.trim() === '' && attachments.length > 0 ? filesText(attachments) : content;

/** What a quote or a draft shows of a message: its text, else the names of its files, as the server's own excerpts do. */
export const textOrNames = ({ content, attachments }: Pick<Message, 'content' | 'attachments'>): string =>
  content.trim() === '' ? attachments.map(({ name }) => name).join(', ') : content;

function filesText(files: readonly Attachment[]): string {
  const pictures = files.filter(({ width }) => width).length;
  const parts = [count(pictures, 'picture'), count(files.length - pictures, 'file')].filter(Boolean).join(' and ');
  return parts.slice(0, 1).toUpperCase() + parts.slice(1);
}

const count = (number: number, word: string): string =>
  number < 2 ? `a ${word}`.repeat(number) : `${number} ${word}s`;
