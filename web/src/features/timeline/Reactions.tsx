import type { Message, PendingChange, UserId } from '@backchannel/client';
import { SmilePlus } from 'lucide-react';
import { useState } from 'react';
import { useChat } from '../../app/chat.ts';
import { personName } from '../../app/directory.ts';
import { cx } from '../../ui/classes.ts';
import { EmojiMenu } from './EmojiMenu.tsx';
import { toggleReaction } from './emoji.ts';

interface ReactionsProps {
  /** The message with waiting changes applied. */
  readonly message: Message;
  readonly changes: readonly PendingChange[];
  readonly me: UserId;
}

export function Reactions({ message, changes, me }: ReactionsProps) {
  const chat = useChat();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  return (
    <div className="mt-1 mb-0.5 flex flex-wrap items-center gap-1">
      {message.reactions.map(({ emoji, count, user_ids }) => {
        const mine = user_ids.includes(me);
        const people = names(user_ids, count, me);
        const isWaiting = changes.some(
          ({ change, state }) => 'emoji' in change && change.emoji === emoji && state !== 'failed',
        );
        return (
          <button
            key={emoji}
            type="button"
            aria-pressed={mine}
            aria-label={`${emoji}, ${people}${isWaiting ? ', waiting to be sent' : ''}`}
            data-tip={isWaiting ? `${people} (waiting to be sent)` : people}
            onClick={() => toggleReaction(chat, message, emoji, me)}
            className={cx(
              'flex h-6.5 items-center gap-1.5 rounded-full border px-2 select-none pointer-coarse:h-8 pointer-coarse:px-2.5',
              isWaiting && 'border-dashed',
              mine
                ? 'border-accent-line bg-accent-soft text-accent-strong'
                : 'border-line bg-raised text-ink-soft hover:border-line-strong',
            )}
          >
            <span className="text-sm leading-none">{emoji}</span>
            <span className="tabular text-xs font-medium">{count}</span>
          </button>
        );
      })}
      <button
        type="button"
        aria-label="Add a reaction"
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={(event) => setAnchor(event.currentTarget)}
        className="grid h-6.5 w-8 place-items-center rounded-full text-ink-faint opacity-0 group-focus-within/row:opacity-100 group-hover/row:opacity-100 hover:bg-hover hover:text-ink-soft aria-expanded:opacity-100 pointer-coarse:h-8 pointer-coarse:opacity-100"
      >
        <SmilePlus className="size-4" />
      </button>
      {anchor && (
        <EmojiMenu
          anchor={anchor}
          onClose={() => setAnchor(null)}
          onPick={(emoji) => {
            setAnchor(null);
            toggleReaction(chat, message, emoji, me);
          }}
        />
      )}
    </div>
  );
}

function names(ids: readonly UserId[], count: number, me: UserId): string {
  const others = ids.filter((id) => id !== me).map(personName);
  const shown = [...(ids.includes(me) ? ['You'] : []), ...others].slice(0, 4);
  const more = count - shown.length;
  if (more > 0) return `${shown.join(', ')} and ${more} more`;
  return shown.length > 1 ? `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}` : (shown[0] ?? 'Someone');
}
