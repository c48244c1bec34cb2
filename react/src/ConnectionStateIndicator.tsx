/**
 * A strip at the top that shows the state of the connection; hidden while it is good.
 *
 * Three states, shown by colour, motion and text: connecting (yellow, spinning), disconnected (orange,
 * spinning), error (red, still, with what to do). Yellow is shown only after a while, and then for at least
 * a second: a quick start shows nothing, and no colour flashes before another. Styles are in
 * `@backchannel/react/indicator.css`; there are no inline styles, so a strict CSP allows it.
 */
import type { Connection, ConnectionReason } from '@backchannel/client';
import { type ReactNode, useEffect, useState } from 'react';
import { useChat } from './context.tsx';
import { useConnection } from './hooks.ts';

/** Longer than the client holds back the next status (1 s). */
const GRACE_MS = 1_200;
const MIN_SHOWN_MS = 1_000;

/** Follows "Connection failed…", and says what happens to new messages. */
const WHAT_TO_DO: Readonly<Record<ConnectionReason, string>> = {
  offline: 'You are offline. You can keep writing; it is sent when you are back online.',
  unreachable: 'The server does not answer. You can keep writing; it is sent when the server is back.',
  signed_out: 'You are signed out. What you wrote is kept and sent when you sign in again.',
  forbidden: 'You may not use this chat. Ask an administrator.',
  update_required: 'Reload the page to get the new version.',
  superseded: 'The chat is open in a newer window.',
};

export interface ConnectionStateIndicatorProps {
  /** Where to sign in again; without it only the text is shown. */
  readonly signInUrl?: string;
  /** Opens the list of unsent messages; without it only their number is shown. */
  readonly onShowUnsent?: () => void;
  /** Opens more about the connection; without it there is no button. */
  readonly onShowDetails?: () => void;
  readonly className?: string;
}

export function ConnectionStateIndicator({
  signInUrl,
  onShowUnsent,
  onShowDetails,
  className = '',
}: ConnectionStateIndicatorProps): ReactNode {
  const current = useConnection();
  const isYellow = useYellow(current);
  const connection = isYellow ? { ...current, status: 'connecting' as const } : current;
  const { status } = connection;
  const shown = isYellow || (status !== 'connected' && status !== 'connecting');
  // The live region is always rendered: screen readers do not read one that appears together with its text.
  return (
    <div className={`backchannel-connection ${className}`.trimEnd()} role="status">
      {shown && (
        <div className="backchannel-connection-strip" data-status={status}>
          {status !== 'error' && <span className="backchannel-connection-spinner" aria-hidden="true" />}
          <StatusText connection={connection} />
          {status !== 'connecting' && <Unsent waiting={connection.waiting} onShow={onShowUnsent} />}
          {status === 'error' && <Action connection={connection} signInUrl={signInUrl} />}
          {onShowDetails && status !== 'connecting' && (
            <button type="button" onClick={onShowDetails}>
              Details
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function StatusText({ connection: { status, reason } }: { readonly connection: Connection }): ReactNode {
  if (status === 'connecting') return <span>Connecting to chat…</span>;
  if (status === 'disconnected') {
    return <span>Chat disconnected. Reconnecting… You can keep writing; messages go out another way.</span>;
  }
  return <span>Connection failed… {reason && WHAT_TO_DO[reason]}</span>;
}

interface UnsentProps {
  readonly waiting: number;
  readonly onShow: (() => void) | undefined;
}

function Unsent({ waiting, onShow }: UnsentProps): ReactNode {
  if (waiting === 0) return null;
  const text = `${waiting} not sent yet`;
  if (!onShow) return <span>{`${text}.`}</span>;
  return (
    <button type="button" onClick={onShow}>
      {text}
    </button>
  );
}

function Action({
  connection: { reason },
  signInUrl,
}: {
  readonly connection: Connection;
  readonly signInUrl: string | undefined;
}): ReactNode {
  const chat = useChat();
  switch (reason) {
    case 'signed_out':
      return signInUrl && <a href={signInUrl}>Sign in</a>;
    case 'update_required':
      return (
        <button type="button" onClick={() => globalThis.location.reload()}>
          Reload
        </button>
      );
    case 'forbidden':
      return null;
    case 'superseded':
    case 'offline':
    case 'unreachable':
    case null:
      return (
        <button type="button" onClick={() => chat.retryNow()}>
          {reason === 'superseded' ? 'Use it here' : 'Retry now'}
        </button>
      );
  }
}

/** Whether yellow is shown: after connecting for the grace time, and then for the minimum time. */
function useYellow({ status, reason }: Connection): boolean {
  const [since, setSince] = useState<number | null>(null);
  const connecting = status === 'connecting';
  // `connected`, and errors that need a person, are shown at once.
  const atOnce = status === 'connected' || (status === 'error' && reason !== 'offline' && reason !== 'unreachable');
  useEffect(() => {
    if (atOnce) setSince(null);
    if (atOnce || connecting === (since !== null)) return undefined;
    const wait_ms = since === null ? GRACE_MS : since + MIN_SHOWN_MS - Date.now();
    const timer = setTimeout(() => setSince(connecting ? Date.now() : null), wait_ms);
    return () => clearTimeout(timer);
  }, [atOnce, connecting, since]);
  return since !== null && !atOnce;
}
