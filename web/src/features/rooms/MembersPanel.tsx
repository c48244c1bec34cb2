import type { Member, Room } from '@backchannel/client';
import { Ellipsis, MessageCircle, UserMinus, UserPlus, X } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { attempt, useCommand } from '../../app/runCommand.ts';
import { useChat, useChatState } from '../../app/chat.ts';
import { InviteButton } from '../../app/InviteButton.tsx';
import { membersOpen } from '../../app/panels.ts';
import { roomLabel } from '../../app/roomNames.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Menu, MenuItem } from '../../ui/Menu.tsx';
import { rememberFocus } from '../../ui/focus.ts';
import { useBackLayer } from '../../ui/backLayers.ts';
import { usePhone } from '../../ui/useMedia.ts';
import { Name } from '../../ui/Name.tsx';
import { handleOf, nameOf, nameInText } from '../../ui/names.ts';
import { loadMembers } from './loadMembers.ts';
import { AddMembers } from './RoomDialogs.tsx';
import { PersonIcon } from './RoomIcon.tsx';

const RANK = { online: 0, away: 1, offline: 2 } as const;

export function MembersPanel({ room }: { readonly room: Room }) {
  const chat = useChat();
  const me = useSignedIn().user.id;
  const presence = useChatState((state) => state.presence);
  const [members, setMembers] = useState<readonly Member[] | 'failed' | null>(null);
  const [adding, setAdding] = useState(false);
  const [reloads, setReloads] = useState(0);
  const heading = useRef<HTMLHeadingElement>(null);
  const phone = usePhone();
  useBackLayer(() => membersOpen.set(false), phone);
  // On a phone the panel covers the room, so it takes the focus.
  useEffect(() => {
    if (!phone) return undefined;
    const restoreFocus = rememberFocus();
    heading.current?.focus();
    return restoreFocus;
  }, [phone]);

  // Load again when a join or departure changes the count.
  useEffect(() => {
    let current = true;
    loadMembers(chat, room.id).then(
      (all) => current && setMembers(all),
      () => current && setMembers('failed'),
    );
    return () => {
      current = false;
    };
  }, [chat, room.id, room.member_count, reloads]);

  const ordered = useMemo(() => {
    if (!Array.isArray(members)) return [];
    const rank = (member: Member) => RANK[member.id === me ? 'online' : (presence[member.id] ?? 'offline')];
    return (members as Member[]).toSorted((a, b) => rank(a) - rank(b) || nameOf(a).localeCompare(nameOf(b)));
  }, [members, presence, me]);

  return (
    <aside
      id="members"
      aria-label="Members"
      className="safe-top absolute inset-0 z-30 flex flex-col border-line bg-paper md:static md:w-68 md:shrink-0 md:border-l"
    >
      <header className="flex h-14 shrink-0 items-center gap-1 border-b border-line pr-2 pl-4">
        <h2 ref={heading} tabIndex={-1} className="flex-1 font-semibold outline-none">
          Members <span className="tabular ml-1 font-normal text-ink-faint">{room.member_count}</span>
        </h2>
        <IconButton label="Add people" tip="below" onClick={() => setAdding(true)}>
          <UserPlus />
        </IconButton>
        <IconButton label="Close" tip="none" onClick={() => membersOpen.set(false)}>
          <X />
        </IconButton>
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto p-2 scroll-thin">
        {members === null && <p className="p-3 text-ink-faint">Loading…</p>}
        {members === 'failed' && (
          <div className="flex flex-col items-start gap-2 p-3 text-ink-soft">
            The members could not be loaded.
            <Button size="sm" onClick={() => setReloads(reloads + 1)}>
              Try again
            </Button>
          </div>
        )}
        <ul>
          {ordered.map((member) => (
            <MemberRow key={member.id} member={member} room={room} />
          ))}
        </ul>
        {room.member_count === 1 && (
          <div className="flex flex-col items-start gap-3 px-2 pt-3 text-ink-soft">
            <p>Nobody else is here yet.</p>
            <Button size="sm" onClick={() => setAdding(true)}>
              Add people
            </Button>
            <InviteButton />
          </div>
        )}
      </div>
      {adding && <AddMembers room={room} onClose={() => setAdding(false)} />}
    </aside>
  );
}

function MemberRow({ member, room }: { readonly member: Member; readonly room: Room }) {
  const chat = useChat();
  const me = useSignedIn().user.id;
  const [, navigate] = useLocation();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const [removing, setRemoving] = useState(false);
  const isMe = member.id === me;
  const mayRemove = room.role !== 'member' && member.role !== 'owner';
  return (
    <li className="group flex h-11 items-center gap-2.5 rounded-md px-2 [--dot-ground:var(--c-paper)] hover:bg-hover hover:[--dot-ground:var(--c-hover)]">
      <PersonIcon user={member} />
      <span className="min-w-0 flex-1">
        <span className="block truncate leading-4.5 font-medium">
          <Name of={member} />
          {isMe && <span className="font-normal text-ink-faint"> (you)</span>}
        </span>
        <span className="block truncate text-xs leading-4 text-ink-faint">{handleOf(member)}</span>
      </span>
      {member.role !== 'member' && (
        <span className="text-2xs font-medium text-ink-faint capitalize">{member.role}</span>
      )}
      {!isMe && (
        <IconButton
          label={`More about ${nameInText(member)}`}
          tip="none"
          aria-haspopup="menu"
          aria-expanded={anchor !== null}
          onClick={(event) => setAnchor(event.currentTarget)}
          className="size-7 opacity-0 group-hover:opacity-100 focus-visible:opacity-100 aria-expanded:opacity-100 pointer-coarse:opacity-100"
        >
          <Ellipsis />
        </IconButton>
      )}
      {anchor && (
        <Menu anchor={anchor} label={nameInText(member)} onClose={() => setAnchor(null)}>
          <MenuItem
            icon={<MessageCircle />}
            onSelect={() => {
              setAnchor(null);
              const opened = chat.command('create_room', { kind: 'direct', members: [member.id] });
              void attempt(opened.then(({ room: direct }) => navigate(`/rooms/${direct.id}`)));
            }}
          >
            Message
          </MenuItem>
          {mayRemove && (
            <MenuItem
              danger
              icon={<UserMinus />}
              onSelect={() => {
                setAnchor(null);
                setRemoving(true);
              }}
            >
              Remove from {room.kind}
            </MenuItem>
          )}
        </Menu>
      )}
      {removing && <RemoveMember member={member} room={room} onClose={() => setRemoving(false)} />}
    </li>
  );
}

interface RemoveMemberProps {
  readonly member: Member;
  readonly room: Room;
  readonly onClose: () => void;
}

function RemoveMember({ member, room, onClose }: RemoveMemberProps) {
  const runCommand = useCommand();
  const me = useSignedIn().user.id;
  const [busy, setBusy] = useState(false);
  const remove = async () => {
    setBusy(true);
    if (await attempt(runCommand('remove_member', { room_id: room.id, user_id: member.id }))) onClose();
    else setBusy(false);
  };
  return (
    <Dialog
      title={`Remove ${nameInText(member)}?`}
      onClose={onClose}
      footer={
        <>
          <Button look="ghost" onClick={onClose}>
            Keep
          </Button>
          <Button look="danger" busy={busy} onClick={() => void remove()}>
            Remove
          </Button>
        </>
      }
    >
      <p className="px-5 pt-1 pb-5 text-ink-soft">
        They lose access to {roomLabel(room, me)} and its earlier messages. What they wrote stays.
      </p>
    </Dialog>
  );
}
