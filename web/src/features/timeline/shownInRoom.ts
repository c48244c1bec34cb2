import type { Message, PendingMessage, TimelineView } from '@backchannel/client';

/** Whether the room shows a message: all but the replies of threads, unless their sender wanted them in the room too. */
export const isShownInRoom = ({ thread, in_room }: Partial<Pick<Message, 'thread' | 'in_room'>>): boolean =>
  !thread || in_room === true;

const isShown = ({ inThread }: PendingMessage): boolean => isShownInRoom(inThread ?? {});

/** The view without the replies that the room does not show; the same object where it shows everything. */
export function shownInRoom(view: TimelineView): TimelineView {
  if (view.messages.every(isShownInRoom) && view.pending.every(isShown)) return view;
  return { ...view, messages: view.messages.filter(isShownInRoom), pending: view.pending.filter(isShown) };
}
