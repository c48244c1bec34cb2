import type { Chat, Message, MessageDetails } from '@backchannel/client';
import { withDetails } from '@backchannel/client/features/details';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { useChat } from '../../app/chat.ts';
import { lateFeature } from '../../app/lateFeatures.ts';
import { problemText } from '../../app/runCommand.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Name, UserText } from '../../ui/Name.tsx';
import { Spinner } from '../../ui/Spinner.tsx';
import { fullTime, isoTime } from '../../ui/time.ts';
import { textOrNames } from '../files/messageText.ts';

const detailsOf: (chat: Chat) => ReturnType<typeof withDetails> = lateFeature(withDetails);

const WAYS: Readonly<Record<NonNullable<MessageDetails['via']>, string>> = {
  websocket: 'Over the WebSocket',
  http: 'Over HTTP, without the WebSocket',
  site: 'By the site itself',
  schedule: 'By the server, at the time it was scheduled for',
};

interface DetailsDialogProps {
  readonly message: Message;
  readonly onClose: () => void;
}

/** How a message came in, when it was edited, and who has seen it, where the room shows that. Part of the lazy bundle. */
export function DetailsDialog({ message, onClose }: DetailsDialogProps) {
  const chat = useChat();
  const [details, setDetails] = useState<MessageDetails | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const load = useCallback(async () => {
    setProblem(null);
    try {
      setDetails(await detailsOf(chat).getMessageDetails(message.id));
    } catch (error) {
      setProblem(problemText(error));
    }
  }, [chat, message.id]);
  useEffect(() => void load(), [load]);
  return (
    <Dialog title="Message details" onClose={onClose}>
      <div className="flex flex-col gap-4 px-5 pt-1 pb-5">
        <blockquote className="line-clamp-3 rounded-lg border border-line bg-shade px-3.5 py-2.5 text-sm break-words">
          <UserText>{textOrNames(message)}</UserText>
        </blockquote>
        {details && <Facts details={details} />}
        {problem !== null && (
          <div role="alert" className="flex items-center justify-between gap-3">
            <p className="text-danger">{problem}</p>
            <Button size="sm" onClick={() => void load()}>
              Try again
            </Button>
          </div>
        )}
        {!details && problem === null && (
          <p role="status" aria-label="Loading" className="grid place-items-center py-4 text-ink-faint">
            <Spinner className="size-5" />
          </p>
        )}
      </div>
    </Dialog>
  );
}

function Facts({ details: { accepted_at, seq, via, edits, seen_by } }: { readonly details: MessageDetails }) {
  return (
    <dl className="flex flex-col gap-3 text-sm">
      <Fact name="Accepted">
        <Time at={accepted_at} />
      </Fact>
      {via && <Fact name="How">{WAYS[via]}</Fact>}
      <Fact name="Number in room">
        <span className="tabular">{seq}</span>
      </Fact>
      <Fact name="Edited">
        {edits.length === 0 ? (
          'Never'
        ) : (
          <ul className="flex max-h-32 flex-col gap-0.5 overflow-y-auto scroll-thin">
            {edits.map((at) => (
              <li key={at}>
                <Time at={at} />
              </li>
            ))}
          </ul>
        )}
      </Fact>
      {seen_by && (
        <Fact name={seen_by.count > 0 ? `Seen by ${seen_by.count}` : 'Seen by'}>
          {seen_by.count === 0 ? (
            'Nobody yet'
          ) : seen_by.people ? (
            <ul className="flex max-h-44 flex-col gap-1.5 overflow-y-auto scroll-thin">
              {seen_by.people.map((person) => (
                <li key={person.id} className="flex items-center gap-2">
                  <Avatar user={person} className="size-6 text-2xs" />
                  <span className="min-w-0 truncate">
                    <Name of={person} />
                  </span>
                </li>
              ))}
            </ul>
          ) : (
            'In rooms of more than 100 members, who they are is not shown.'
          )}
        </Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="grid grid-cols-[8.5rem_1fr] gap-3">
      <dt className="text-ink-faint">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  );
}

function Time({ at }: { readonly at: string }) {
  const time = Date.parse(at);
  return <time dateTime={isoTime(time)}>{fullTime(time)}</time>;
}
