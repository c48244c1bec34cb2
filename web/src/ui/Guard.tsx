import { Component, createContext, type ReactNode, useContext } from 'react';
import { Button } from './Button.tsx';
import { cx } from './classes.ts';

interface GuardProps {
  readonly children: ReactNode;
  /** Takes the place of what could not be drawn. */
  readonly instead?: ReactNode;
  /** A failed drawing is tried again when this changes. */
  readonly of?: unknown;
}

interface GuardState {
  readonly error: unknown;
  readonly of: unknown;
}

/** For what stands instead: the guard that failed. */
const FailedContext = createContext<Guard | null>(null);

/** Keeps what fails to draw to itself: one message, one room of the list, one pane. React reports the error to the console. */
export class Guard extends Component<GuardProps, GuardState> {
  override state: GuardState = { error: null, of: this.props.of };
  readonly retry = () => this.setState({ error: null });

  static getDerivedStateFromError(error: unknown): Partial<GuardState> {
    return { error: error ?? 'unknown' };
  }

  static getDerivedStateFromProps({ of }: GuardProps, state: GuardState): Partial<GuardState> | null {
    return Object.is(of, state.of) ? null : { error: null, of };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return <FailedContext value={this}>{this.props.instead}</FailedContext>;
  }
}

interface PaneNoticeProps {
  /** As it stands in "… could not be shown." */
  readonly name: string;
  readonly className?: string | undefined;
  /** For what can be closed. */
  readonly onClose?: (() => void) | undefined;
}

interface PaneGuardProps extends PaneNoticeProps {
  readonly children: ReactNode;
  readonly of?: unknown;
}

/** Around a part of the screen: where it fails it says so in its place, and everything else goes on. */
export function PaneGuard({ children, of, ...notice }: PaneGuardProps) {
  return (
    <Guard of={of} instead={<PaneNotice {...notice} />}>
      {children}
    </Guard>
  );
}

function PaneNotice({ name, className, onClose }: PaneNoticeProps) {
  const failed = useContext(FailedContext);
  return (
    <div
      role="alert"
      data-failed-dialog={onClose && ''}
      className={cx('flex flex-wrap items-center gap-x-3 gap-y-2 bg-danger-soft px-4 py-2.5 text-sm', className)}
    >
      <span className="min-w-0 flex-1 basis-48">
        {name} could not be shown.{' '}
        <span className="text-xs text-ink-soft">{String(failed?.state.error).slice(0, 200)}</span>
      </span>
      <span className="flex gap-2">
        <Button size="sm" onClick={failed?.retry}>
          Try again
        </Button>
        {onClose && (
          <Button size="sm" look="ghost" onClick={onClose}>
            Close
          </Button>
        )}
      </span>
    </div>
  );
}
