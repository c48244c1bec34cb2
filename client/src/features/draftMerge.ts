/**
 * Which of two versions of a draft is shown, when another device wrote one. Pure.
 *
 * Theory. Three texts are compared: what stands in the composer (mine), what the server last stored as far as this device knows
 * (its base), and the server's new version (theirs). What was tried to be saved counts as the base once the server has it; a version
 * says by `save_id` which save wrote the last text, also after that text was sent or cleared. So an answer that was lost is no
 * difference, and a text that was sent elsewhere leaves the composer. What was typed since stays: nothing is replaced under the cursor.
 */
import type { Draft, MessageId } from '../protocol.ts';

/** What a version says. */
export interface DraftText {
  readonly content: string;
  readonly replyTo: MessageId | null;
  /** Ids of uploads. */
  readonly attachments: readonly string[];
}

/** What this device knows of the server's version in one place; kept across reloads. */
export interface KnownDraft {
  readonly rev: number;
  readonly text: DraftText;
  /** Saves from this version, whether they were answered or not. */
  readonly tried: readonly { readonly saveId: string; readonly text: DraftText }[];
  /** The server's version, where the person has to choose between it and what they typed. Nothing is saved until then. */
  readonly other: Draft | null;
}

export const NO_TEXT: DraftText = { content: '', replyTo: null, attachments: [] };
export const UNKNOWN: KnownDraft = { rev: 0, text: NO_TEXT, tried: [], other: null };

export function textOf(draft: Draft): DraftText {
  return {
    content: draft.content,
    replyTo: draft.reply_to?.id ?? null,
    attachments: draft.attachments.map(({ id }) => id),
  };
}

/** White space alone is no text: the server stores none. */
export function isSame(one: DraftText, two: DraftText): boolean {
  return (
    (one.content === two.content || (isBlank(one) && isBlank(two))) &&
    one.replyTo === two.replyTo &&
    one.attachments.join() === two.attachments.join()
  );
}

export function isEmpty(text: DraftText): boolean {
  return isSame(text, NO_TEXT);
}

/** What is known after the server's version `draft`, and whether the composer is to show that version. */
export function merge(
  known: KnownDraft,
  mine: DraftText,
  draft: Draft,
): { readonly known: KnownDraft; readonly shows: boolean } {
  if (draft.rev <= known.rev) return { known, shows: false };
  const base = known.tried.find(({ saveId }) => saveId === draft.save_id)?.text ?? known.text;
  const theirs = textOf(draft);
  const after: KnownDraft = { rev: draft.rev, text: theirs, tried: [], other: null };
  // Nothing new from elsewhere: what was typed since is newer.
  if (isSame(theirs, mine) || isSame(theirs, base)) return { known: after, shows: false };
  if (isSame(mine, base) || isEmpty(mine)) return { known: after, shows: true };
  // Both are new. A text that was sent or cleared is no choice.
  return { known: isEmpty(theirs) ? after : { ...after, other: draft }, shows: false };
}

function isBlank({ content }: DraftText): boolean {
  return content.trim() === '';
}
