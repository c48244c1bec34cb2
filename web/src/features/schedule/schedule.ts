import {
  type Chat,
  ChatError,
  type Core,
  type MessageId,
  type RoomId,
  type Scheduled,
  uuidv7,
} from '@backchannel/client';
import { type ScheduledChat, type ScheduleOptions, withScheduled } from '@backchannel/client/features/scheduled';
import { useSyncExternalStore } from 'react';
import { useChat } from '../../app/chat.ts';
import { type Drafts, NO_DRAFT } from '../../app/drafts.ts';
import { lateFeature } from '../../app/lateFeatures.ts';
import { openPanel } from '../../app/panels.ts';
import { problemText } from '../../app/runCommand.ts';
import { toast } from '../../ui/Toasts.tsx';
import { whenText } from './times.ts';

export interface Schedule extends ScheduledChat {
  /** Schedules what stands in the composer of a room, and empties it then. Says how it ended. */
  scheduleDraft(drafts: Drafts, roomId: RoomId, at: number): Promise<void>;
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
  let last: {
    readonly id: MessageId;
    readonly roomId: RoomId;
    readonly content: string;
    readonly replyTo: unknown;
  } | null = null;
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

  async function scheduleDraft(drafts: Drafts, roomId: RoomId, at: number): Promise<void> {
    const draft = drafts.get(roomId);
    const [content, replyTo] = [draft.text.trim(), draft.replyTo?.id ?? null];
    const link = drafts.link.get();
    const isAgain = last?.roomId === roomId && last.content === content && last.replyTo === replyTo;
    const id = isAgain && last ? last.id : uuidv7(clock.now());
    last = { id, roomId, content, replyTo };
    const options: ScheduleOptions = { id, replyTo, ...link?.sending(roomId) };
    const scheduling = chat.scheduleMessage(roomId, content, new Date(at), options);
    link?.sent(roomId, scheduling);
    try {
      await scheduling;
    } catch (error) {
      const isThere = error instanceof ChatError && ['schedule_conflict', 'already_sent'].includes(error.code);
      if (!isThere) return toast(problemText(error), 'problem');
      await chat.loadScheduled().catch(() => undefined);
    }
    last = null;
    // What was typed meanwhile stays.
    if (drafts.get(roomId) === draft) drafts.set(roomId, NO_DRAFT);
    const planned = chat.getScheduled()?.find((each) => each.id === id);
    const when = whenText(planned ? Date.parse(planned.at) : at, Date.now());
    toast(`Scheduled for ${when.replace(/^on /, '')}.`, 'done', { label: 'Show', run: show });
  }

  return { ...chat, scheduleDraft };
}

function show(): void {
  openPanel.set('scheduled');
}
