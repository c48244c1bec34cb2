import type { Chat, Member, RoomId } from '@backchannel/client';
import { addPeople } from '../../app/directory.ts';

/** A panel of more people than this is for searching, not for reading. */
const AT_MOST = 1_000;
const PAGE = 200;

/** Everybody in a room, page by page. */
export async function loadMembers(chat: Chat, roomId: RoomId): Promise<readonly Member[]> {
  const all: Member[] = [];
  for (;;) {
    const after = all.at(-1)?.id;
    const page = await chat.command('get_members', {
      room_id: roomId,
      limit: PAGE,
      ...(after !== undefined && { after }),
    });
    all.push(...page.members);
    addPeople(page.members);
    if (!page.has_more || page.members.length === 0 || all.length >= AT_MOST) return all;
  }
}
