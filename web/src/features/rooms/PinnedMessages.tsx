import type { Message, Room } from '@backchannel/client';
import { withPins } from '@backchannel/client/features/pins';
import { PinOff } from 'lucide-react';
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { useChat, useChatState, useIsReachable } from '../../app/chat.ts';
import { jumpRequest } from '../../app/jumpRequest.ts';
import { lateFeature } from '../../app/lateFeatures.ts';
import { problemText } from '../../app/runCommand.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { nameInText } from '../../ui/names.ts';
import { Spinner } from '../../ui/Spinner.tsx';
import { useNow } from '../../ui/useNow.ts';
import { HitRow } from '../search/HitRow.tsx';

const pinsOf = lateFeature(withPins);

/** The pinned messages of a room, the newest pin first: pressing one shows it among the others. Part of the lazy bundle. */
export function PinnedMessages({ roomId, onClose }: { readonly roomId: number; readonly onClose: () => void }) {
  const chat = useChat();
  const me = useSignedIn().user.id;
  const room = useChatState((state) => state.rooms.find(({ id }) => id === roomId));
  const isReachable = useIsReachable();
  const now = useNow();
  const pins = usePins(roomId);
  // Shown inside the dialog: a toast under it could not be read.
  const [problem, setProblem] = useState<string | null>(null);
  const load = useCallback(() => {
    setProblem(null);
    pinsOf(chat)
      .openPins(roomId)
      .catch((error: unknown) => setProblem(problemText(error)));
  }, [chat, roomId]);
  useEffect(load, [load, isReachable]);

  const show = ({ id, seq }: Message) => {
    onClose();
    jumpRequest.set({ roomId, id, seq });
  };
  const unpin = (message: Message) => {
    setProblem(null);
    pinsOf(chat)
      .pin(message, false)
      .catch((error: unknown) => setProblem(problemText(error)));
  };
  return (
    <Dialog title="Pinned messages" wide onClose={onClose}>
      <div className="px-3 pb-4">
        {problem !== null && (
          <div role="alert" className="mx-2 mb-2 flex items-center justify-between gap-3 text-danger">
            <span>{problem}</span>
            <Button
              size="sm"
              onClick={() => {
                chat.retryNow();
                load();
              }}
            >
              Try again
            </Button>
          </div>
        )}
        {pins === null && problem === null && <Spinner className="mx-auto my-6 size-5" />}
        {pins?.length === 0 && (
          <p className="px-2 py-4 text-ink-soft">Nothing is pinned here. A message is pinned from its menu.</p>
        )}
        {pins !== null && pins.length > 0 && (
          <ul className="flex flex-col gap-1">
            {pins.map((message) => (
              <Pin key={message.id} {...{ message, room, me, now }} onShow={show} onUnpin={unpin} />
            ))}
          </ul>
        )}
      </div>
    </Dialog>
  );
}

interface PinProps {
  readonly message: Message;
  readonly room: Room | undefined;
  readonly me: number;
  readonly now: number;
  readonly onShow: (message: Message) => void;
  readonly onUnpin: (message: Message) => void;
}

function Pin({ message, room, me, now, onShow, onUnpin }: PinProps) {
  return (
    <li className="flex items-start gap-1">
      <button
        type="button"
        onClick={() => onShow(message)}
        className="flex min-w-0 flex-1 gap-3 rounded-lg px-2 py-2 text-left hover:bg-hover"
      >
        <HitRow hit={{ message, ranges: [] }} room={room} me={me} now={now} isWhole={false} />
      </button>
      <IconButton label={`Unpin the message of ${nameInText(message.sender)}`} onClick={() => onUnpin(message)}>
        <PinOff />
      </IconButton>
    </li>
  );
}

function usePins(roomId: number): readonly Message[] | null {
  const chat = useChat();
  const subscribe = useCallback((changed: () => void) => chat.subscribeTimeline(roomId, changed), [chat, roomId]);
  const read = () => pinsOf(chat).getTimeline(roomId).pins;
  return useSyncExternalStore(subscribe, read, read);
}
