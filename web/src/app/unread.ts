import type { Room, Seq } from '@backchannel/client';
import { withUnread } from '@backchannel/client/features/unread';
import { lateFeature } from './lateFeatures.ts';

/**
 * Marking rooms as unread. `openChat` asks for it first, so that its rules are there before the first frame.
 * Composed behind the features of the full client, which it extends.
 */
export const unreadOf = lateFeature((core) => {
  const methods = withUnread(core);
  Object.assign(core.chat, methods);
  return methods;
});

/** Unread messages of the room begin here, if it has any. */
export const firstUnreadSeqOf = ({ unread_from, read_seq }: Room): Seq => unread_from ?? read_seq + 1;
