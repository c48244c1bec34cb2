import type { Message } from '@backchannel/client';
import {
  Copy,
  Ellipsis,
  Info,
  Link2,
  MailOpen,
  MessagesSquare,
  PenLine,
  Pin,
  PinOff,
  Reply,
  SmilePlus,
  Trash2,
} from 'lucide-react';
import { Suspense, use, useState } from 'react';
import { useChat, useChatState } from '../../app/chat.ts';
import { focusComposer, startEditing } from '../../app/composerSignals.ts';
import { type Drafts, replyTarget } from '../../app/drafts.ts';
import { holdDeletion } from '../../app/heldDeletions.ts';
import { lazyComponent } from '../../app/lazyWithRetry.ts';
import { attempt } from '../../app/runCommand.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { showThread } from '../../app/threads.ts';
import { unreadOf } from '../../app/unread.ts';
import { announce } from '../../ui/announce.tsx';
import { IconButton } from '../../ui/Button.tsx';
import { copyText } from '../../ui/copyText.ts';
import { LoadingOverlay } from '../../ui/LoadingOverlay.tsx';
import { Menu, MenuItem, MenuLine } from '../../ui/Menu.tsx';
import { toast } from '../../ui/Toasts.tsx';
import { EmojiItem, EmojiMenu } from './EmojiMenu.tsx';
import { QUICK, toggleReaction } from './emoji.ts';
import { InThreadContext } from './inThread.ts';

const DetailsDialog = lazyComponent((loaded) => loaded.DetailsDialog);

interface ActionsProps {
  /** The message with waiting changes applied. */
  readonly message: Message;
  /** The message as the server has it. */
  readonly base: Message;
  /** Whether the signed-in user wrote it. */
  readonly mine: boolean;
}

/** The address of a message: it opens its room there, for those who may read it. */
const linkTo = ({ room_id, seq }: Message): string => `${location.origin}/rooms/${room_id}/${seq}`;

/** Quotes a message in the composer of its room, or of the thread that shows it. */
function useReply(): (message: Message) => void {
  const { drafts } = useSignedIn();
  const inThread = use(InThreadContext);
  return (message) => (inThread ? inThread.quote(message) : reply(drafts, message));
}

/** Null where no thread can be opened: within one, and in direct rooms, which have none. */
function useThreadOpener(message: Message): (() => void) | null {
  const inThread = use(InThreadContext);
  const kind = useChatState((state) => state.rooms.find(({ id }) => id === message.room_id)?.kind);
  return inThread || !kind || kind === 'direct' ? null : () => showThread(message);
}

function reply(drafts: Drafts, message: Message): void {
  drafts.set(message.room_id, { text: drafts.get(message.room_id).text, replyTo: replyTarget(message) });
  focusComposer();
}

interface ToolbarProps extends ActionsProps {
  readonly onMenu: (anchor: HTMLElement) => void;
  readonly menuOpen: boolean;
}

/** Floats over the row's corner while the row has the pointer or the focus. */
export function MessageToolbar({ message, base, mine, onMenu, menuOpen }: ToolbarProps) {
  const chat = useChat();
  const { user, drafts } = useSignedIn();
  const quote = useReply();
  const openThread = useThreadOpener(message);
  const [picker, setPicker] = useState<HTMLElement | null>(null);
  const look = 'size-7.5 [&_svg]:size-4';
  return (
    <div
      role="toolbar"
      aria-label="Message actions"
      className="absolute -top-4 right-4 z-10 flex rounded-lg bg-raised p-0.5 shadow-float"
    >
      {QUICK.slice(0, 3).map((emoji) => (
        <IconButton
          key={emoji}
          label={`React with ${emoji}`}
          tip="none"
          className={look}
          onClick={() => toggleReaction(chat, message, emoji, user.id)}
        >
          <span className="text-[0.9375rem] leading-none">{emoji}</span>
        </IconButton>
      ))}
      <IconButton
        label="More reactions"
        className={look}
        aria-haspopup="menu"
        aria-expanded={picker !== null}
        onClick={(event) => setPicker(event.currentTarget)}
      >
        <SmilePlus />
      </IconButton>
      <IconButton label="Reply" className={look} onClick={() => quote(message)}>
        <Reply />
      </IconButton>
      {openThread && (
        <IconButton label="Open thread" className={look} onClick={openThread}>
          <MessagesSquare />
        </IconButton>
      )}
      {mine && (
        <IconButton label="Edit" className={look} onClick={() => startEditing(drafts, base, message.content)}>
          <PenLine />
        </IconButton>
      )}
      <IconButton
        label="More"
        className={look}
        aria-haspopup="menu"
        aria-expanded={menuOpen}
        onClick={(event) => onMenu(event.currentTarget)}
      >
        <Ellipsis />
      </IconButton>
      {picker && (
        <EmojiMenu
          anchor={picker}
          onClose={() => setPicker(null)}
          onPick={(emoji) => {
            setPicker(null);
            toggleReaction(chat, message, emoji, user.id);
          }}
        />
      )}
    </div>
  );
}

interface MenuProps extends ActionsProps {
  readonly anchor: HTMLElement | { readonly x: number; readonly y: number };
  readonly onClose: () => void;
}

/** All actions for a message. Opens from the toolbar, by Enter, or by long press. */
export function MessageMenu({ message, base, mine, anchor, onClose }: MenuProps) {
  const chat = useChat();
  const { user, drafts } = useSignedIn();
  const quote = useReply();
  const inThread = use(InThreadContext);
  const openThread = useThreadOpener(message);
  const fromToolbar = anchor instanceof HTMLButtonElement;
  const [step, setStep] = useState<'menu' | 'emoji' | 'details'>('menu');

  if (step === 'details') {
    return (
      <Suspense fallback={<LoadingOverlay onClose={onClose} />}>
        <DetailsDialog message={message} onClose={onClose} />
      </Suspense>
    );
  }
  const react = (emoji: string) => {
    onClose();
    toggleReaction(chat, message, emoji, user.id);
  };
  if (step === 'emoji') return <EmojiMenu anchor={anchor} onPick={react} onClose={onClose} />;
  return (
    <Menu anchor={anchor} label="Message" onClose={onClose}>
      {/* The toolbar has these reactions itself. */}
      {!fromToolbar && (
        <>
          <div className="grid grid-cols-5 pb-1">
            {QUICK.map((emoji) => (
              <EmojiItem key={emoji} emoji={emoji} onPick={react} />
            ))}
            <button
              type="button"
              role="menuitem"
              tabIndex={-1}
              aria-label="More reactions"
              onClick={() => setStep('emoji')}
              className="grid h-9 place-items-center rounded-md text-ink-faint outline-none hover:bg-hover focus:bg-hover pointer-coarse:h-11"
            >
              <SmilePlus className="size-5" />
            </button>
          </div>
          <MenuLine />
        </>
      )}
      <MenuItem
        icon={<Reply />}
        onSelect={() => {
          onClose();
          quote(message);
        }}
      >
        Reply
      </MenuItem>
      {openThread && (
        <MenuItem
          icon={<MessagesSquare />}
          onSelect={() => {
            onClose();
            openThread();
          }}
        >
          Open thread
        </MenuItem>
      )}
      <MenuItem
        icon={<Copy />}
        onSelect={async () => {
          onClose();
          if (await copyText(message.content)) toast('Copied.');
        }}
      >
        Copy text
      </MenuItem>
      <MenuItem
        icon={<Link2 />}
        onSelect={async () => {
          onClose();
          if (await copyText(linkTo(message))) toast('Link copied.');
        }}
      >
        Copy link
      </MenuItem>
      <MenuItem
        icon={message.pinned ? <PinOff /> : <Pin />}
        onSelect={() => {
          onClose();
          const type = message.pinned ? 'unpin_message' : 'pin_message';
          void attempt(chat.command(type, { message_id: message.id }));
        }}
      >
        {message.pinned ? 'Unpin' : 'Pin'}
      </MenuItem>
      {!mine && !inThread && (
        <MenuItem
          icon={<MailOpen />}
          onSelect={async () => {
            onClose();
            const marked = unreadOf(chat).markUnread(message.room_id, message.seq);
            if (await attempt(marked)) toast('Unread from here until you come back to this room.');
          }}
        >
          Mark unread from here
        </MenuItem>
      )}
      <MenuItem icon={<Info />} onSelect={() => setStep('details')}>
        Details
      </MenuItem>
      {mine && (
        <>
          <MenuItem
            icon={<PenLine />}
            onSelect={() => {
              onClose();
              startEditing(drafts, base, message.content);
            }}
          >
            Edit
          </MenuItem>
          <MenuLine />
          <MenuItem
            danger
            icon={<Trash2 />}
            onSelect={() => {
              onClose();
              holdDeletion(chat, user.id, message);
              announce('Message deleted. Undo it within 6 seconds.');
            }}
          >
            Delete
          </MenuItem>
        </>
      )}
    </Menu>
  );
}
