/**
 * The strip at the top that says how the connection is; hidden while it is good.
 *
 * Three states, told by colour, motion and words: connecting (yellow, spinning), disconnected (orange,
 * spinning), error (red, still, with what to do). Yellow waits until it is known whether HTTP answers, and
 * stays for a second once it is shown: a quick start shows nothing, and no colour flashes before another. Looks come from `@backchannel/react/indicator.css`; no inline styles, so a strict CSP is fine.
 */
import type { Connection, ConnectionReason } from '@backchannel/client';
import { type ReactNode, useEffect, useState } from 'react';
import { useChat } from './context.tsx';
import { useConnection } from './hooks.ts';

/** Longer than the client holds `connecting` back from a better word (1 s). */
const GRACE_MS = 1_200;
const AT_LEAST_MS = 1_000;

/** Each agrees with "Connection failed…" before it, and says what becomes of what one writes. */
const WHAT_TO_DO: Readonly<Record<ConnectionReason, string>> = {
  offline: 'You are offline. You can keep writing; it is sent when you are back online.',
  unreachable: 'The server does not answer. You can keep writing; it is sent when the server is back.',
  signed_out: 'You are signed out. What you wrote is kept and sent when you sign in again.',
  forbidden: 'You may not use this chat. Ask an administrator.',
  update_required: 'Reload the page to get the new version.',
  superseded: 'The chat is open in a newer window.',
};

export interface ConnectionStateIndicatorProps {
  /** Where to sign in again; without it only the words are shown. */
  readonly signInUrl?: string;
  /** Shows what was not sent; without it only the number is shown. */
  readonly onShowUnsent?: () => void;
  readonly className?: string;
}

export function ConnectionStateIndicator({
  signInUrl,
  onShowUnsent,
  className = '',
}: ConnectionStateIndicatorProps): ReactNode {
  const told = useConnection();
  const isYellow = useYellow(told);
  const connection = isYellow ? { ...told, status: 'connecting' as const } : told;
  const { status } = connection;
  const shown = isYellow || (status !== 'connected' && status !== 'connecting');
  // The live region itself stays: a region that appears together with its text is not read out.
  return (
    <div className={`backchannel-connection ${className}`.trimEnd()} role="status">
      {shown && (
        <div className="backchannel-connection-strip" data-status={status}>
          {status !== 'error' && <span className="backchannel-connection-spinner" aria-hidden="true" />}
          <Words connection={connection} />
          {status !== 'connecting' && <Unsent waiting={connection.waiting} onShow={onShowUnsent} />}
          {status === 'error' && <WayOut connection={connection} signInUrl={signInUrl} />}
        </div>
      )}
    </div>
  );
}

function Words({ connection: { status, reason } }: { readonly connection: Connection }): ReactNode {
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

function WayOut({
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

/** Whether yellow is shown: once connecting has lasted for the grace time, and then for a while in any case. */
function useYellow({ status, reason }: Connection): boolean {
  const [since, setSince] = useState<number | null>(null);
  const connecting = status === 'connecting';
  // Good news, and what waits for a person, hold for no colour.
  const atOnce = status === 'connected' || (status === 'error' && reason !== 'offline' && reason !== 'unreachable');
  useEffect(() => {
    if (atOnce) setSince(null);
    if (atOnce || connecting === (since !== null)) return undefined;
    const wait_ms = since === null ? GRACE_MS : since + AT_LEAST_MS - Date.now();
    const timer = setTimeout(() => setSince(connecting ? Date.now() : null), wait_ms);
    return () => clearTimeout(timer);
  }, [atOnce, connecting, since]);
  return since !== null && !atOnce;
}
