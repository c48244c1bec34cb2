import { type Chat, ChatError, type Core, type MessageId, type Scheduled, uuidv7 } from '@backchannel/client';
import { type ScheduledChat, withScheduled } from '@backchannel/client/features/scheduled';
import { useSyncExternalStore } from 'react';
import { useChat } from '../../app/chat.ts';
import { type Drafts, NO_DRAFT } from '../../app/drafts.ts';
import { lateFeature } from '../../app/lateFeatures.ts';
import { openPanel } from '../../app/panels.ts';
import { problemText } from '../../app/runCommand.ts';
import { toast } from '../../ui/Toasts.tsx';
import type { WrittenIn } from './SendLaterButton.tsx';
import { whenText } from './times.ts';

export interface Schedule extends ScheduledChat {
  /** Schedules what stands in the composer of a room or thread, and empties it then. Says how it ended. */
  scheduleDraft(drafts: Drafts, place: WrittenIn, at: number): Promise<void>;
}

/** Not there yet: the same array each time. */
const NONE: readonly Scheduled[] = [];

/** The scheduled messages of a chat's user; loaded when this is first asked for. */
export const scheduleOf: (chat: Chat) => Schedule = lateFeature(createSchedule);

/** What waits, and what could not be sent, the earliest first. */
export function useScheduled(): readonly Scheduled[] {
  const chat = useChat();
  const read = () => scheduleOf(chat).getScheduled() ?? NONE;
  return useSyncExternalStore(chat.subscribe, read, read);
}

function createSchedule(core: Core): Schedule {
  const chat = withScheduled(core);
  const { clock } = core.env;
  /** What was tried last, whose answer may be lost: the same text is tried again under the same id. */
  let last: { readonly id: MessageId; readonly what: string } | null = null;
  let failed: ReadonlySet<MessageId> | null = null;

  core.chat.subscribe(() => {
    const list = chat.getScheduled();
    if (!list) return;
    const now = new Set(list.filter(({ state }) => state === 'failed').map(({ id }) => id));
    if (failed && [...now].some((id) => !failed?.has(id)))
      toast('A scheduled message was not sent.', 'problem', { label: 'Show', run: show });
    failed = now;
  });
  chat.loadScheduled().catch(() => undefined);

  async function scheduleDraft(drafts: Drafts, { roomId, thread, inRoom }: WrittenIn, at: number): Promise<void> {
    const written = () => (thread ? (drafts.replies.get()[thread] ?? NO_DRAFT) : drafts.get(roomId));
    const draft = written();
    const [content, replyTo] = [draft.text.trim(), draft.replyTo?.id ?? null];
    const link = drafts.link.get();
    const what = JSON.stringify([roomId, thread, inRoom, content, replyTo]);
    const id = last?.what === what ? last.id : uuidv7(clock.now());
    last = { id, what };
    const { draft_rev } = link?.sending(roomId, thread ?? undefined) ?? {};
    const options = { id, replyTo, thread, inRoom, ...(draft_rev !== undefined && { draft_rev }) };
    const scheduling = chat.scheduleMessage(roomId, content, new Date(at), options);
    link?.sent(roomId, scheduling, thread ?? undefined);
    try {
      await scheduling;
    } catch (error) {
      const isThere = error instanceof ChatError && ['schedule_conflict', 'already_sent'].includes(error.code);
      if (!isThere) return toast(problemText(error), 'problem');
      await chat.loadScheduled().catch(() => undefined);
    }
    last = null;
    // What was typed meanwhile stays.
    if (written() === draft) {
      if (thread) drafts.setReply(roomId, thread, NO_DRAFT);
      else drafts.set(roomId, NO_DRAFT);
    }
    const planned = chat.getScheduled()?.find((each) => each.id === id);
    const when = whenText(planned ? Date.parse(planned.at) : at, Date.now());
    toast(`Scheduled for ${when.replace(/^on /, '')}.`, 'done', { label: 'Show', run: show });
  }

  return { ...chat, scheduleDraft };
}

function show(): void {
  openPanel.set('scheduled');
}
