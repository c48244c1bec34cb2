import { type ReactNode, useState } from 'react';
import { useChat, useChatState } from '../../app/chat.ts';
import { openPanel } from '../../app/panels.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { Button } from '../../ui/Button.tsx';
import { cx } from '../../ui/classes.ts';
import { copyText } from '../../ui/copyText.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { useNow } from '../../ui/useNow.ts';
import { useCauses } from './causes.ts';
import { type Moment, historyOf, sinceOf } from './history.ts';
import { reportOf } from './report.ts';
import { CAUSES, happened, longOf, stateOf, timeOf } from './words.ts';

const SHOWN = 30;

/** What works now and since when, what ended the connection lately and why, and what a person can do about it. */
export function ConnectionDialog({ onClose }: { readonly onClose: () => void }) {
  const chat = useChat();
  const { recorder } = useSignedIn();
  const connection = useChatState((state) => state.connection);
  const causes = useCauses();
  const now = useNow(1_000);
  const [outcome, setOutcome] = useState('');
  const history = historyOf(recorder.recording(), now);
  const { title, advice } = stateOf(connection);

  const copy = async () => {
    const report = reportOf({
      connection,
      history,
      causes,
      lines: recorder.recording(),
      now,
      browser: navigator.userAgent,
    });
    if (await copyText(report)) setOutcome('Copied.');
  };
  const send = async () => {
    const isTaken = await recorder.reportProblem();
    setOutcome(
      isTaken
        ? 'Sent. The administrators of this server can see it now.'
        : 'Not sent: the server cannot be reached. Copy the report instead.',
    );
  };
  return (
    <Dialog
      title="Connection"
      wide
      onClose={onClose}
      footer={
        <>
          <Button look="ghost" onClick={() => void copy()}>
            Copy report
          </Button>
          <Button look="ghost" onClick={() => void send()}>
            Send report
          </Button>
          {connection.status !== 'connected' && (
            <Button look="primary" onClick={() => chat.retryNow()}>
              Try now
            </Button>
          )}
        </>
      }
    >
      <div className="flex flex-col gap-4 px-5 pt-1 pb-5">
        <p role="status" className="rounded-lg bg-shade px-3 py-2 text-sm empty:hidden">
          {outcome}
        </p>
        <section aria-label="Now" className="flex flex-col gap-1">
          <p className="flex items-center gap-2 font-semibold">
            <Dot status={connection.status} />
            {title}
          </p>
          <p className="text-sm text-ink-soft">{advice}</p>
        </section>
        <Facts history={history} now={now} />
        {causes.length > 0 && (
          <section aria-label="Why, as the server saw it" className="flex flex-col gap-1.5">
            <h3 className="font-semibold">Why, as the server saw it</h3>
            <ul className="flex flex-col gap-1 text-sm">
              {causes.map(({ cause, count, at }) => (
                <li key={cause}>
                  {CAUSES[cause] ?? cause}{' '}
                  <span className="text-ink-faint">
                    {count > 1 && `${count} times, last `}
                    {timeOf(at)}
                  </span>
                </li>
              ))}
            </ul>
          </section>
        )}
        <section aria-label="What happened" className="flex flex-col gap-1.5">
          <h3 className="font-semibold">What happened</h3>
          {history.length === 0 && <p className="text-sm text-ink-soft">Nothing since this tab was opened.</p>}
          <ol className="flex flex-col gap-1.5 text-sm">
            {history.slice(0, SHOWN).map((moment) => (
              <li key={`${moment.what} ${moment.from}`} className="flex flex-wrap gap-x-3">
                <time dateTime={new Date(moment.to).toISOString()} className="tabular text-ink-faint">
                  {timeOf(moment.to)}
                </time>
                <span>{happened(moment)}</span>
              </li>
            ))}
          </ol>
        </section>
        <p className="text-xs text-ink-faint">
          The report has times, states and errors of this connection; never messages, names of rooms or what you typed.
        </p>
      </div>
    </Dialog>
  );
}

const DOTS = { connected: 'bg-ok', connecting: 'bg-warn', disconnected: 'bg-warn', error: 'bg-danger' } as const;

function Dot({ status }: { readonly status: keyof typeof DOTS }) {
  return <span className={cx('size-2.5 shrink-0 rounded-full', DOTS[status])} aria-hidden="true" />;
}

function Facts({ history, now }: { readonly history: readonly Moment[]; readonly now: number }) {
  const { recorder } = useSignedIn();
  const { status, transport, waiting, retryAt } = useChatState((state) => state.connection);
  const works = status === 'connected';
  const since = sinceOf(history, works);
  const { at, took } = recorder.lastSign();
  return (
    <dl className="grid grid-cols-[max-content_1fr] gap-x-4 gap-y-1 text-sm [&>dt]:text-ink-soft">
      <Fact name="Messages go">
        {transport === 'websocket' ? 'over the WebSocket' : transport === 'rest' ? 'by requests (HTTP)' : 'nowhere yet'}
      </Fact>
      {since !== null && (
        <Fact name={works ? 'Connected' : 'Without it'}>
          for {longOf(now - since)}, since {timeOf(since)}
        </Fact>
      )}
      {at !== null && (
        <Fact name="Last sign of the server">
          {longOf(now - at)} ago{took !== null && `; a heartbeat took ${Math.round(took)} ms`}
        </Fact>
      )}
      {retryAt !== null && retryAt > now && <Fact name="Next attempt">in {longOf(retryAt - now)}</Fact>}
      <Fact name="Waiting to be sent">
        {waiting === 0 ? (
          'nothing'
        ) : (
          <button type="button" className="text-accent underline" onClick={() => openPanel.set('unsent')}>
            {waiting === 1 ? 'one message' : `${waiting} messages`}
          </button>
        )}
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="tabular">{children}</dd>
    </>
  );
}
