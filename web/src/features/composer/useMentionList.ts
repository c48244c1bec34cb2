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

/** Completes @names in the composer, from the members of a small room; for a large one the server is searched. */
export function useMentionList({ field, text, room, me, setText }: MentionListOptions) {
  const [at, setAt] = useState<MentionQuery | null>(null);
  const caret = useRef<number | null>(null);
  const known = useKnownPeople();
  const hasAllMembers = room.members.length >= room.member_count;
  const { people } = usePeopleSearch(at !== null && !hasAllMembers ? at.query : null);

  const offered = useMemo(() => {
    if (at === null) return NOBODY;
    const from = hasAllMembers ? room.members : [...room.members, ...people, ...known.values()];
    return searchPeople(at.query, from, me);
  }, [at, hasAllMembers, room.members, people, known, me]);

  useLayoutEffect(() => {
    if (caret.current === null) return;
    field.current?.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  });

  const onPick = (user: User) => {
    if (at === null) return;
    const completed = insertMention(text, at, user);
    caret.current = completed.caret;
    setText(completed.text);
    setAt(null);
  };
  const list = useListbox({
    items: offered,
    onPick,
    open: at !== null && offered.length > 0,
    tabPicks: true,
    onEscape: () => setAt(null),
  });

  // ARIA does not allow the combobox role on a multi-line field; it refers to its list all the same.
  const { role: _role, 'aria-expanded': expanded, ...pointers } = list.inputProps;

  return {
    ...list,
    fieldProps: { ...pointers, 'aria-haspopup': expanded ? ('listbox' as const) : undefined },
    offered,
    open: at !== null && offered.length > 0,
    /** Call after every change and every move of the caret. */
    onCaret() {
      const element = field.current;
      if (!element || element.selectionStart !== element.selectionEnd) return setAt(null);
      const next = mentionQueryAt(element.value, element.selectionStart);
      setAt((now) => (now && next && now.from === next.from && now.query === next.query ? now : next));
    },
    close: () => setAt(null),
  };
}
