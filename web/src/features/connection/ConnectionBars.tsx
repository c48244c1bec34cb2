import { ConnectionStateIndicator } from '@backchannel/react';
import { CircleArrowUp, LogIn, MonitorUp, OctagonAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { openPanel } from '../../app/panels.ts';
import { useChat, useChatState } from '../../app/chat.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { Button } from '../../ui/Button.tsx';
import { cx } from '../../ui/classes.ts';
import { ConfirmSignedOut } from './ConfirmSignedOut.tsx';

const showUnsent = () => openPanel.set('unsent');
const showDetails = () => openPanel.set('connection');

/**
 * Shows a bar with an action for states that need the user, and the small indicator for all others. Both overlay the
 * page below the headers, so that nothing moves when they appear and disappear.
 */
export function ConnectionBars() {
  return (
    <div className="bc-connection">
      <Bars />
    </div>
  );
}

function Bars() {
  const chat = useChat();
  const { askToSignIn } = useSignedIn();
  const reason = useChatState((state) => state.connection.reason);
  const waiting = useChatState((state) => state.connection.waiting);
  const durable = useChatState((state) => state.outbox.durable);
  const failed = useChatState((state) => state.outbox.failed);
  const queuedText =
    waiting > 0 && ` ${waiting === 1 ? 'One message waits' : `${waiting} messages wait`} here to be sent.`;
  const more = waiting + failed > 0 && { label: 'Show', run: showUnsent };

  switch (reason) {
    case 'signed_out':
      return (
        <ConfirmSignedOut>
          <Bar icon={<LogIn />} tone="warn" action="Sign in" onAction={askToSignIn} more={more}>
            You are signed out.{queuedText}
          </Bar>
        </ConfirmSignedOut>
      );
    case 'update_required':
      return (
        <Bar icon={<CircleArrowUp />} tone="accent" action="Reload" onAction={() => location.reload()}>
          A newer version is ready. Drafts and unsent messages stay.
        </Bar>
      );
    case 'superseded':
      return (
        <Bar icon={<MonitorUp />} tone="accent" action="Use it here" onAction={() => chat.connect()}>
          The chat is open in a newer window.
        </Bar>
      );
    case 'forbidden':
      return (
        <Bar icon={<OctagonAlert />} tone="danger">
          This account or address is not allowed on the server. Ask its administrator.
        </Bar>
      );
    default:
      return (
        <>
          <ConnectionStateIndicator onShowUnsent={showUnsent} onShowDetails={showDetails} />
          {!durable && waiting > 0 && (
            <Bar icon={<OctagonAlert />} tone="warn" more={more}>
              This browser does not allow storage: unsent messages are lost when you close the tab.
            </Bar>
          )}
        </>
      );
  }
}

const TONES = {
  accent: 'bg-accent-soft text-ink [&>svg]:text-accent',
  warn: 'bg-warn-soft text-ink [&>svg]:text-warn',
  danger: 'bg-danger-soft text-ink [&>svg]:text-danger',
} as const;

interface BarProps {
  readonly icon: ReactNode;
  readonly tone: keyof typeof TONES;
  readonly children: ReactNode;
  readonly action?: string;
  readonly onAction?: () => void;
  readonly more?: { readonly label: string; readonly run: () => void } | false;
}

function Bar({ icon, tone, children, action, onAction, more }: BarProps) {
  return (
    <div
      role="alert"
      className={cx(
        'flex min-h-11 shrink-0 items-center justify-center gap-2.5 px-4 py-1.5 [&>svg]:size-4.5 [&>svg]:shrink-0',
        TONES[tone],
      )}
    >
      {icon}
      <span className="text-sm">{children}</span>
      {more && (
        <Button size="sm" look="ghost" onClick={more.run} className="ml-1">
          {more.label}
        </Button>
      )}
      {action && (
        <Button size="sm" look="primary" onClick={onAction} className="ml-1">
          {action}
        </Button>
      )}
    </div>
  );
}
