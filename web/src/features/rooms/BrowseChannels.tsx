import type { ChannelSummary } from '@backchannel/client';
import { Check, Hash, Plus, Search } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { attempt, useCommand } from '../../app/runCommand.ts';
import { useChat } from '../../app/chat.ts';
import { openPanel } from '../../app/panels.ts';
import { topicOf } from '../../app/roomNames.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { inputLook } from '../../ui/inputLook.ts';
import { cx } from '../../ui/classes.ts';
import { UserText } from '../../ui/Name.tsx';
import { isolated } from '../../ui/names.ts';

type Found = readonly ChannelSummary[] | 'loading' | 'failed';

export function BrowseChannels({ onClose }: { readonly onClose: () => void }) {
  const chat = useChat();
  const [query, setQuery] = useState('');
  const [found, setFound] = useState<Found>('loading');
  const [reloads, setReloads] = useState(0);

  useEffect(() => {
    let current = true;
    const timer = setTimeout(
      () => {
        const trimmed = query.trim();
        chat.command('get_channels', { ...(trimmed && { query: trimmed }), limit: 100 }).then(
          ({ channels }) => current && setFound(channels),
          () => current && setFound('failed'),
        );
      },
      reloads === 0 && query === '' ? 0 : 140,
    );
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [chat, query, reloads]);

  return (
    <Dialog title="Channels" wide onClose={onClose}>
      <div className="flex shrink-0 gap-2 px-5 pt-2 pb-3">
        <div className="relative flex-1">
          <Search className="absolute top-2.5 left-3 size-4 text-ink-faint" aria-hidden="true" />
          <input
            type="search"
            maxLength={100}
            aria-label="Search channels"
            placeholder="Search channels"
            value={query}
            onChange={(event) => setQuery(event.target.value)}
            className={cx(inputLook, 'h-9 pl-9 text-sm')}
          />
        </div>
        <Button onClick={() => openPanel.set('create-channel')}>
          <Plus className="size-4" /> New
        </Button>
      </div>
      <div className="h-96 min-h-24 overflow-y-auto border-t border-line scroll-thin">
        <Results found={found} query={query.trim()} onClose={onClose} onRetry={() => setReloads(reloads + 1)} />
      </div>
    </Dialog>
  );
}

interface ResultsProps {
  readonly found: Found;
  readonly query: string;
  readonly onClose: () => void;
  readonly onRetry: () => void;
}

function Results({ found, query, onClose, onRetry }: ResultsProps) {
  if (found === 'loading') {
    return <p className="py-14 text-center text-ink-faint">Loading…</p>;
  }
  if (found === 'failed') {
    return (
      <div className="flex flex-col items-center gap-3 py-14 text-ink-soft">
        The list of channels could not be loaded.
        <Button size="sm" onClick={onRetry}>
          Try again
        </Button>
      </div>
    );
  }
  if (found.length === 0) {
    return (
      <div className="flex flex-col items-center gap-3 py-14 text-ink-soft">
        {query === '' ? 'There are no channels yet.' : `No channel is called “${isolated(query)}”.`}
        <Button size="sm" look="primary" onClick={() => openPanel.set('create-channel')}>
          Create a channel
        </Button>
      </div>
    );
  }
  return (
    <ul className="divide-y divide-line">
      {found.map((channel) => (
        <ChannelRow key={channel.id} channel={channel} onClose={onClose} />
      ))}
    </ul>
  );
}

function ChannelRow({ channel, onClose }: { readonly channel: ChannelSummary; readonly onClose: () => void }) {
  const runCommand = useCommand();
  const [, navigate] = useLocation();
  const [busy, setBusy] = useState(false);
  const open = () => {
    onClose();
    navigate(`/rooms/${channel.id}`);
  };
  const join = async () => {
    setBusy(true);
    if (await attempt(runCommand('join_room', { room_id: channel.id }))) open();
    else setBusy(false);
  };
  return (
    <li className="flex items-center gap-3 px-5 py-3 hover:bg-hover/60">
      <div className="min-w-0 flex-1">
        <p className="flex items-center gap-1 font-semibold">
          <Hash className="size-4 shrink-0 text-ink-faint" aria-hidden="true" />
          <span className="truncate">
            <UserText>{channel.name ?? ''}</UserText>
          </span>
        </p>
        <p className="truncate text-xs text-ink-faint">
          {channel.joined && (
            <span className="text-accent">
              <Check className="inline size-3.5 -translate-y-px" aria-hidden="true" /> Joined ·{' '}
            </span>
          )}
          {channel.member_count === 1 ? '1 member' : `${channel.member_count} members`}
          {topicOf(channel) && (
            <>
              {' · '}
              <bdi>{topicOf(channel)}</bdi>
            </>
          )}
        </p>
      </div>
      {channel.joined ? (
        <Button size="sm" look="ghost" onClick={open} aria-label={`Open ${isolated(channel.name ?? '')}`}>
          Open
        </Button>
      ) : channel.removed ? (
        <span className="max-w-40 shrink-0 text-right text-xs text-ink-faint">
          You were removed. Its owner or an admin can add you again.
        </span>
      ) : (
        <Button size="sm" busy={busy} onClick={join} aria-label={`Join ${isolated(channel.name ?? '')}`}>
          Join
        </Button>
      )}
    </li>
  );
}
