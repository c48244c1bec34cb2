import type { PendingMessage, Room } from '@backchannel/client';
import { Copy, FolderInput, PenLine, RotateCw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { useChat, useChatState } from '../../app/chat.ts';
import { roomLabel } from '../../app/roomNames.ts';
import { useUploads } from '../../app/useFiles.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { Button } from '../../ui/Button.tsx';
import { copyText } from '../../ui/copyText.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { Menu, MenuItem } from '../../ui/Menu.tsx';
import { fullTime } from '../../ui/time.ts';
import { ActionButton } from './ActionButton.tsx';
import { backIntoDraft, discard, putBack, showDraft } from './discard.ts';
import { type Unsent, useUnsent } from './useUnsent.ts';
import { changeText, reasonText } from './texts.ts';

/** How often to read the other tabs' items while the tray is open. */
const REFRESH_MS = 500;

/** Lists everything unsent, from all tabs, including messages for rooms that are outcome. */
export function UnsentTray({ onClose }: { readonly onClose: () => void }) {
  const chat = useChat();
  const unsent = useUnsent(REFRESH_MS);
  const offline = useChatState((state) => state.connection.status === 'error');
  const own = unsent.filter(({ elsewhere }) => !elsewhere).map(({ item }) => item);
  const texts = unsent.map(({ item }) => item.content).filter((content) => content !== '');

  // Shown inside the dialog: a toast under it could not be pressed.
  const [outcome, setOutcome] = useState<{ readonly text: string; readonly items: readonly PendingMessage[] } | null>(
    null,
  );
  const showText = (text: string) => setOutcome({ text, items: [] });
  const remove = (items: readonly PendingMessage[]) => setOutcome({ text: discard(chat, items), items });
  const copy = async (text: string) => {
    if (await copyText(text)) showText('Copied.');
  };

  const retryAll = async () => {
    await Promise.all(unsent.map(({ item, elsewhere }) => take(item, elsewhere)));
    chat.retryAll();
    chat.retryNow();
  };
  const take = useTake(showText);
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
          {outcome && (
            <p className="mx-5 mt-1 mb-3 flex items-center gap-3 rounded-lg bg-shade py-1 pr-1 pl-3 text-sm">
              <span className="flex-1">{outcome.text}</span>
              {outcome.items.length > 0 && (
                <Button
                  size="sm"
                  look="ghost"
                  onClick={() => {
                    putBack(chat, outcome.items);
                    setOutcome(null);
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
              {offline
                ? 'There is no connection. These are kept on this device and sent when there is one.'
                : 'These are kept on this device until they are sent or you delete them.'}
            </p>
            <ul aria-label="Not sent" className="divide-y divide-line border-t border-line">
              {unsent.map((each) => (
                <UnsentRow
                  key={each.item.id}
                  unsent={each}
                  onClose={onClose}
                  onRemove={remove}
                  onCopy={copy}
                  onShowText={showText}
                />
              ))}
            </ul>
          </>
        )}
      </div>
    </Dialog>
  );
}

/** Returns a function that takes over an item of another tab, and shows a message if that tab does not hand it over. */
function useTake(showText: (text: string) => void) {
  const { tabs } = useSignedIn();
  return async (item: PendingMessage, elsewhere: boolean): Promise<boolean> => {
    if (!elsewhere || (await tabs.take(item.id))) return true;
    showText('Another tab holds this message. Close that tab, or continue there.');
    return false;
  };
}

interface UnsentRowProps {
  readonly unsent: Unsent;
  readonly onClose: () => void;
  readonly onRemove: (items: readonly PendingMessage[]) => void;
  readonly onCopy: (text: string) => Promise<void>;
  readonly onShowText: (text: string) => void;
}

function UnsentRow({ unsent: { item, elsewhere }, onClose, onRemove, onCopy, onShowText }: UnsentRowProps) {
  const chat = useChat();
  const { user, drafts } = useSignedIn();
  const [, navigate] = useLocation();
  const rooms = useChatState((state) => state.rooms);
  const loaded = useChatState((state) => state.roomsLoaded);
  const uploads = useUploads();
  const take = useTake(onShowText);
  const room = rooms.find((each) => each.id === item.roomId);
  const failed = item.state === 'failed';
  const changeLabel = changeText(item);
  // Files of a message that has left for the server cannot come back into a draft.
  const hasText = item.content !== '' && (item.attachments.length === 0 || uploads?.isWaitingForFiles(item.id));

  const ifTaken = (act: () => void) => async () => {
    if (await take(item, elsewhere)) act();
  };
  const moveTo = (roomId: number) => {
    onClose();
    // Moving drops a reply reference: a reply belongs to the room of its message.
    backIntoDraft(chat, drafts, item, roomId, null, uploads);
    navigate(`/rooms/${roomId}`);
    showDraft(item, roomId);
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
      {changeLabel !== null && <p className="mt-1 text-sm font-medium">{changeLabel}</p>}
      {item.content !== '' && (
        <p dir="auto" className="mt-1 max-h-40 overflow-y-auto text-sm break-words whitespace-pre-wrap scroll-thin">
          {item.content}
        </p>
      )}
      {item.attachments.length > 0 && (
        <p className="mt-1 text-xs text-ink-soft">
          With {item.attachments.length === 1 ? 'a file' : `${item.attachments.length} files`}
        </p>
      )}
      <p className={failed ? 'mt-1 text-xs text-danger' : 'mt-1 text-xs text-ink-faint'}>
        {failed ? reasonText(item.error) : item.state === 'sending' ? 'Being sent' : 'Waiting to be sent'}
      </p>
      <div className="mt-1.5 -ml-1.5 flex flex-wrap items-center gap-x-0.5 gap-y-1 text-xs">
        <ActionButton icon={<RotateCw />} onClick={ifTaken(() => retry(item))}>
          {failed && item.error?.code !== 'expired' ? 'Retry' : 'Send now'}
        </ActionButton>
        {hasText && room && item.change === null && (
          <ActionButton icon={<PenLine />} onClick={ifTaken(() => moveTo(item.roomId))}>
            Edit
          </ActionButton>
        )}
        {item.content !== '' && (
          <>
            <MoveTo rooms={rooms} from={item.roomId} onMove={(roomId) => void ifTaken(() => moveTo(roomId))()} />
            <ActionButton icon={<Copy />} onClick={() => onCopy(item.content)}>
              Copy
            </ActionButton>
          </>
        )}
        {(item.change?.type !== 'delete_message' || !item.unsure || failed) && (
          <ActionButton icon={<Trash2 />} onClick={ifTaken(() => onRemove([item]))}>
            {item.change ? 'Cancel' : 'Delete'}
          </ActionButton>
        )}
      </div>
    </li>
  );

  function retry({ id }: PendingMessage): void {
    chat.retry(id);
    chat.retryNow();
  }
}

interface MoveToProps {
  readonly rooms: readonly Room[];
  readonly from: number;
  readonly onMove: (roomId: number) => void;
}

/** Moves the text into the composer of another room. */
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
