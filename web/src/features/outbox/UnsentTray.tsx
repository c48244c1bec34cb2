import type { PendingMessage, Room } from '@backchannel/client';
import { Copy, FolderInput, PenLine, RotateCw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { useChat, useChatState } from '../../app/chat.ts';
import { focusComposer } from '../../app/composerSignals.ts';
import { roomLabel } from '../../app/roomNames.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { Button } from '../../ui/Button.tsx';
import { copyText } from '../../ui/copyText.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { Menu, MenuItem } from '../../ui/Menu.tsx';
import { fullTime } from '../../ui/time.ts';
import { ActionButton } from './ActionButton.tsx';
import { backIntoDraft, discard, putBack } from './discard.ts';
import { type Unsent, useUnsent } from './useUnsent.ts';
import { changeText, reasonText } from './texts.ts';

/** While it is open, what other tabs do is seen as soon as this. */
const LOOK_AGAIN_MS = 500;

/** Everything that was not sent, wherever it was meant to go, also where that is gone. */
export function UnsentTray({ onClose }: { readonly onClose: () => void }) {
  const chat = useChat();
  const unsent = useUnsent(LOOK_AGAIN_MS);
  const lost = useChatState((state) => state.connection.status === 'error');
  const own = unsent.filter(({ elsewhere }) => !elsewhere).map(({ item }) => item);
  const texts = unsent.map(({ item }) => item.content).filter((content) => content !== '');

  // Said in here: what lies under a dialog cannot be pressed.
  const [gone, setGone] = useState<{ readonly text: string; readonly items: readonly PendingMessage[] } | null>(null);
  const say = (text: string) => setGone({ text, items: [] });
  const remove = (items: readonly PendingMessage[]) => setGone({ text: discard(chat, items), items });
  const copy = async (text: string) => {
    if (await copyText(text)) say('Copied.');
  };

  const retryAll = async () => {
    await Promise.all(unsent.map(({ item, elsewhere }) => take(item, elsewhere)));
    chat.retryAll();
    chat.retryNow();
  };
  const take = useTake(say);
  return (
    <Dialog
      title={unsent.length > 0 ? `Not sent (${unsent.length})` : 'Not sent'}
      wide
      onClose={onClose}
      footer={
        unsent.length > 0 && (
          <>
            {texts.length > 1 && (
              <Button look="ghost" onClick={() => void copy(texts.join('\n\n'))}>
                Copy all
              </Button>
            )}
            {own.length > 1 && (
              <Button look="ghost" onClick={() => remove(own)}>
                Delete all
              </Button>
            )}
            <Button look="primary" onClick={() => void retryAll()}>
              {unsent.length > 1 ? 'Try all again' : 'Try again'}
            </Button>
          </>
        )
      }
    >
      <div>
        <div role="status" className="empty:hidden">
          {gone && (
            <p className="mx-5 mt-1 mb-3 flex items-center gap-3 rounded-lg bg-shade py-1 pr-1 pl-3 text-sm">
              <span className="flex-1">{gone.text}</span>
              {gone.items.length > 0 && (
                <Button
                  size="sm"
                  look="ghost"
                  onClick={() => {
                    putBack(chat, gone.items);
                    setGone(null);
                  }}
                >
                  Undo
                </Button>
              )}
            </p>
          )}
        </div>
        {unsent.length === 0 ? (
          <p className="px-5 pt-1 pb-6 text-ink-soft" role="status">
            Everything is sent.
          </p>
        ) : (
          <>
            <p className="px-5 pt-1 pb-3 text-ink-soft">
              {lost
                ? 'There is no connection. What waits here is kept on this device and sent when there is one.'
                : 'This is kept on this device until it is sent or you delete it.'}
            </p>
            <ul aria-label="Not sent" className="divide-y divide-line border-t border-line">
              {unsent.map((each) => (
                <UnsentRow
                  key={each.item.id}
                  unsent={each}
                  onClose={onClose}
                  onRemove={remove}
                  onCopy={copy}
                  onSay={say}
                />
              ))}
            </ul>
          </>
        )}
      </div>
    </Dialog>
  );
}

/** Brings an item of another tab here first. Says so where that tab does not let go of it. */
function useTake(say: (text: string) => void) {
  const { tabs } = useSignedIn();
  return async (item: PendingMessage, elsewhere: boolean): Promise<boolean> => {
    if (!elsewhere || (await tabs.take(item.id))) return true;
    say('Another tab holds this message. Close that tab, or go on there.');
    return false;
  };
}

interface UnsentRowProps {
  readonly unsent: Unsent;
  readonly onClose: () => void;
  readonly onRemove: (items: readonly PendingMessage[]) => void;
  readonly onCopy: (text: string) => Promise<void>;
  readonly onSay: (text: string) => void;
}

function UnsentRow({ unsent: { item, elsewhere }, onClose, onRemove, onCopy, onSay }: UnsentRowProps) {
  const chat = useChat();
  const { user, drafts } = useSignedIn();
  const [, navigate] = useLocation();
  const rooms = useChatState((state) => state.rooms);
  const loaded = useChatState((state) => state.roomsLoaded);
  const take = useTake(onSay);
  const room = rooms.find((each) => each.id === item.roomId);
  const failed = item.state === 'failed';
  const what = changeText(item);

  const mine = (act: () => void) => async () => {
    if (await take(item, elsewhere)) act();
  };
  const moveTo = (roomId: number) => {
    onClose();
    // A reply can only answer something in its own room.
    backIntoDraft(chat, drafts, item, roomId);
    navigate(`/rooms/${roomId}`);
    focusComposer();
  };
  return (
    <li className="px-5 py-3">
      <p className="flex flex-wrap items-baseline gap-x-2 text-xs text-ink-faint">
        <span className="font-semibold text-ink">
          <bdi>{room ? roomLabel(room, user.id) : item.roomName || `Room ${item.roomId}`}</bdi>
        </span>
        {!room && loaded && <span className="text-danger">You are no longer in this room.</span>}
        <time dateTime={new Date(item.createdAt).toISOString()}>{fullTime(item.createdAt)}</time>
      </p>
      {what !== null && <p className="mt-1 text-sm font-medium">{what}</p>}
      {item.content !== '' && (
        <p dir="auto" className="mt-1 max-h-40 overflow-y-auto text-sm break-words whitespace-pre-wrap scroll-thin">
          {item.content}
        </p>
      )}
      <p className={failed ? 'mt-1 text-xs text-danger' : 'mt-1 text-xs text-ink-faint'}>
        {failed ? reasonText(item.error) : item.state === 'sending' ? 'Being sent' : 'Waiting to be sent'}
      </p>
      <div className="mt-1.5 -ml-1.5 flex flex-wrap items-center gap-x-0.5 gap-y-1 text-xs">
        <ActionButton icon={<RotateCw />} onClick={mine(() => again(item))}>
          {failed && item.error?.code !== 'expired' ? 'Retry' : 'Send now'}
        </ActionButton>
        {item.content !== '' && room && item.change === null && (
          <ActionButton icon={<PenLine />} onClick={mine(() => moveTo(item.roomId))}>
            Edit
          </ActionButton>
        )}
        {item.content !== '' && (
          <>
            <MoveTo rooms={rooms} from={item.roomId} onMove={(roomId) => void mine(() => moveTo(roomId))()} />
            <ActionButton icon={<Copy />} onClick={() => onCopy(item.content)}>
              Copy
            </ActionButton>
          </>
        )}
        {(item.change?.type !== 'delete_message' || !item.unsure || failed) && (
          <ActionButton icon={<Trash2 />} onClick={mine(() => onRemove([item]))}>
            {item.change ? 'Cancel' : 'Delete'}
          </ActionButton>
        )}
      </div>
    </li>
  );

  function again({ id }: PendingMessage): void {
    chat.retry(id);
    chat.retryNow();
  }
}

interface MoveToProps {
  readonly rooms: readonly Room[];
  readonly from: number;
  readonly onMove: (roomId: number) => void;
}

/** The text goes into the other room's composer, to be sent from there. */
function MoveTo({ rooms, from, onMove }: MoveToProps) {
  const { user } = useSignedIn();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const others = rooms.filter((room) => room.id !== from);
  if (others.length === 0) return null;
  return (
    <>
      <ActionButton icon={<FolderInput />} opens={anchor !== null} onClick={(event) => setAnchor(event.currentTarget)}>
        Move to…
      </ActionButton>
      {anchor && (
        <Menu anchor={anchor} label="Move to another room" onClose={() => setAnchor(null)}>
          {others.map((room) => (
            <MenuItem
              key={room.id}
              onSelect={() => {
                setAnchor(null);
                onMove(room.id);
              }}
            >
              <bdi>{roomLabel(room, user.id)}</bdi>
            </MenuItem>
          ))}
        </Menu>
      )}
    </>
  );
}
