import type { Room, User, UserId } from '@backchannel/client';
import { type RefObject, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useKnownPeople } from '../../app/directory.ts';
import { usePeopleSearch } from '../../app/usePeopleSearch.ts';
import { useListbox } from '../../ui/useListbox.ts';
import { insertMention, type MentionQuery, mentionQueryAt, searchPeople } from './mentions.ts';

interface MentionListOptions {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  readonly room: Room;
  readonly me: UserId;
  readonly setText: (text: string) => void;
}

const NOBODY: readonly User[] = [];

/** Completion of @names in the composer. A small room offers its members; a large one asks the server. */
export function useMentionList({ field, text, room, me, setText }: MentionListOptions) {
  const [at, setAt] = useState<MentionQuery | null>(null);
  const caret = useRef<number | null>(null);
  const known = useKnownPeople();
  const everybodyHere = room.members.length >= room.member_count;
  const { people } = usePeopleSearch(at !== null && !everybodyHere ? at.query : null);

  const offered = useMemo(() => {
    if (at === null) return NOBODY;
    const from = everybodyHere ? room.members : [...room.members, ...people, ...known.values()];
    return searchPeople(at.query, from, me);
  }, [at, everybodyHere, room.members, people, known, me]);

  useLayoutEffect(() => {
    if (caret.current === null) return;
    field.current?.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  });

  const onPick = (user: User) => {
    if (at === null) return;
    const made = insertMention(text, at, user);
    caret.current = made.caret;
    setText(made.text);
    setAt(null);
  };
  const list = useListbox({
    items: offered,
    onPick,
    open: at !== null && offered.length > 0,
    tabPicks: true,
    onEscape: () => setAt(null),
  });

  // A multi-line field may not call itself a combobox; it points at its list all the same.
  const { role: _role, 'aria-expanded': expanded, ...pointers } = list.inputProps;

  return {
    ...list,
    fieldProps: { ...pointers, 'aria-haspopup': expanded ? ('listbox' as const) : undefined },
    offered,
    open: at !== null && offered.length > 0,
    /** After every move of the caret and every change. */
    onCaret() {
      const element = field.current;
      if (!element || element.selectionStart !== element.selectionEnd) return setAt(null);
      const next = mentionQueryAt(element.value, element.selectionStart);
      setAt((now) => (now && next && now.from === next.from && now.query === next.query ? now : next));
    },
    close: () => setAt(null),
  };
}
