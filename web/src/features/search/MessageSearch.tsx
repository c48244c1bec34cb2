import type { Hit, RoomId } from '@backchannel/client';
import { useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { useChatState } from '../../app/chat.ts';
import { jumpRequest } from '../../app/jumpRequest.ts';
import { searchStart, typedAhead } from '../../app/panels.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { useListbox } from '../../ui/useListbox.ts';
import { type Chip, queryOf, takeChips } from './chips.ts';
import { CompletionList } from './CompletionList.tsx';
import { FilterButtons } from './FilterButtons.tsx';
import { SearchField } from './SearchField.tsx';
import { SearchResults } from './SearchResults.tsx';
import { useCompletions } from './useCompletions.ts';
import { useHitList } from './useHitList.ts';
import { type Order, useMessageSearch } from './useMessageSearch.ts';

/**
 * Searches messages, in all rooms or in one. The focus stays in the field: the arrow keys move through the completions of a filter while
 * one is typed, else through the hits. A hit opens its room at the message.
 */
export function MessageSearch({ onClose }: { readonly onClose: () => void }) {
  const me = useSignedIn().user;
  const [, navigate] = useLocation();
  const rooms = useChatState((state) => state.rooms);
  const [start] = useState(() => ({
    ...takeChips(searchStart.get().query + typedAhead.get(), true),
    ...searchStart.get(),
  }));
  useEffect(() => () => typedAhead.set(''), []);
  const [roomId, setRoomId] = useState<RoomId | null>(start.roomId);
  const [chips, setChips] = useState<readonly Chip[]>(start.chips);
  const [text, setText] = useState(start.rest);
  const [order, setOrder] = useState<Order>('newest');
  const [whole, setWhole] = useState<string | null>(null);
  const field = useRef<HTMLInputElement>(null);

  const put = (next: string, isDone = false) => {
    const taken = takeChips(next, isDone);
    setText(taken.rest);
    if (taken.chips.length > 0) setChips((before) => [...before, ...taken.chips]);
  };
  const completing = useCompletions({ field, text, rooms, me, put });
  const search = useMessageSearch(queryOf(chips, completing.asked), roomId, order);
  const completionList = useListbox({
    items: completing.completions,
    onPick: completing.pick,
    open: completing.isOpen,
    tabPicks: true,
    onEscape: completing.close,
  });

  const type = (next: string, caret: number) => {
    put(next);
    completing.onCaret(next, caret);
  };

  const openHit = (hit: Hit) => {
    const { id, room_id, seq } = hit.message;
    if (!rooms.some((room) => room.id === room_id)) return setWhole(whole === id ? null : id);
    jumpRequest.set({ roomId: room_id, id, seq });
    onClose();
    navigate(`/rooms/${room_id}`);
  };
  const list = useHitList({ hits: search.hits, onPick: openHit, onEnd: () => search.hasMore && search.more() });
  const shownList = completing.isOpen ? completionList : list;

  return (
    <Dialog title="Search messages" bare wide onClose={onClose}>
      <SearchField
        ref={field}
        room={rooms.find((room) => room.id === roomId)}
        chips={chips}
        text={text}
        onType={type}
        onRemoveRoom={() => setRoomId(null)}
        onRemoveChip={(chip) => setChips((before) => before.filter((each) => each.typed !== chip.typed))}
        onClose={onClose}
        inputProps={{
          ...shownList.inputProps,
          onSelect: ({ currentTarget: { value, selectionStart } }) =>
            completing.onCaret(value, selectionStart ?? value.length),
          onKeyDown: (event) => {
            if (shownList.onKeyDown(event) || event.key !== 'Enter') return;
            event.preventDefault();
            put(text, true);
          },
        }}
      />
      {completing.isOpen ? (
        <CompletionList list={completionList} completions={completing.completions} />
      ) : (
        <FilterButtons
          order={order}
          onOrder={setOrder}
          onFilter={(name) => {
            const next = `${text}${text === '' || text.endsWith(' ') ? '' : ' '}${name}:`;
            type(next, next.length);
            field.current?.focus();
          }}
        />
      )}
      <SearchResults search={search} list={list} rooms={rooms} me={me.id} whole={whole} />
    </Dialog>
  );
}
