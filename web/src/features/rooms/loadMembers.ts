import type { Chat, Member, RoomId } from '@backchannel/client';
import { addPeople } from '../../app/directory.ts';

/** Longer lists are cut off: nobody reads them. */
const MAX_MEMBERS = 1_000;
const PAGE_SIZE = 200;

/** Loads the members of a room, page by page. */
export async function loadMembers(chat: Chat, roomId: RoomId): Promise<readonly Member[]> {
  const all: Member[] = [];
  for (;;) {
    const after = all.at(-1)?.id;
    const page = await chat.command('get_members', {
      room_id: roomId,
      limit: PAGE_SIZE,
      ...(after !== undefined && { after }),
    });
    all.push(...page.members);
    addPeople(page.members);
    if (!page.has_more || page.members.length === 0 || all.length >= MAX_MEMBERS) return all;
  }
}
