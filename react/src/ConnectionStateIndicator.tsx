/**
 * The strip at the top that says how the connection is; hidden while it is good.
 *
 * Three states, told by colour, motion and words: connecting (yellow, spinning, only after 700 ms, so
 * that a quick start shows nothing), disconnected (orange, spinning), error (red, still, with what to
 * do). Looks come from `@backchannel/react/indicator.css`; no inline styles, so a strict CSP is fine.
 */
import type { Connection, ConnectionReason } from '@backchannel/client';
import { type ReactNode, useEffect, useState } from 'react';
import { useChat } from './context.tsx';
import { useConnection } from './hooks.ts';

const GRACE_MS = 700;

const WHAT_TO_DO: Readonly<Record<ConnectionReason, string>> = {
  offline: 'You are offline. It goes on by itself when the network is back.',
  unreachable: 'The server cannot be reached. It goes on by itself.',
  signed_out: 'You are signed out. Sign in again; what you wrote is kept.',
  forbidden: 'You may not use this chat. Ask an administrator.',
  update_required: 'Reload the page to get the new version.',
  superseded: 'The chat goes on in a newer window.',
};

export interface ConnectionStateIndicatorProps {
  /** Where to sign in again; without it only the words are shown. */
  readonly signInUrl?: string;
  readonly className?: string;
}

export function ConnectionStateIndicator({ signInUrl, className = '' }: ConnectionStateIndicatorProps): ReactNode {
  const connection = useConnection();
  const { status } = connection;
  const waited = useWaited(status === 'connecting');
  const shown = status === 'connecting' ? waited : status !== 'connected';
  // The live region itself stays: a region that appears together with its text is not read out.
  return (
    <div className={`backchannel-connection ${className}`.trimEnd()} role="status">
      {shown && (
        <div className="backchannel-connection-strip" data-status={status}>
          {status !== 'error' && <span className="backchannel-connection-spinner" aria-hidden="true" />}
          <Words connection={connection} />
          {status === 'error' && <WayOut connection={connection} signInUrl={signInUrl} />}
        </div>
      )}
    </div>
  );
}

function Words({ connection: { status, reason, waiting } }: { readonly connection: Connection }): ReactNode {
  if (status === 'connecting') return <span>Connecting to chat…</span>;
  if (status === 'disconnected') return <span>Chat disconnected. Reconnecting… Messages still go through.</span>;
  const kept = waiting === 1 ? ' 1 message is waiting.' : waiting > 1 ? ` ${waiting} messages are waiting.` : '';
  return (
    <span>
      Connection failed… {reason && WHAT_TO_DO[reason]}
      {kept}
    </span>
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

/** True once `on` has lasted for the grace time. */
function useWaited(on: boolean): boolean {
  const [waited, setWaited] = useState(false);
  useEffect(() => {
    if (!on) return;
    const timer = setTimeout(() => setWaited(true), GRACE_MS);
    return () => {
      clearTimeout(timer);
      setWaited(false);
    };
  }, [on]);
  return on && waited;
}
