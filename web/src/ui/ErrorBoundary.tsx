import { Component, createContext, type ReactNode, useContext } from 'react';
import { Button } from './Button.tsx';
import { cx } from './classes.ts';

interface ErrorBoundaryProps {
  readonly children: ReactNode;
  /** Shown instead of children that fail to render. */
  readonly fallback?: ReactNode;
  /** When this changes, failed children are rendered again. */
  readonly resetKey?: unknown;
}

interface ErrorBoundaryState {
  readonly error: unknown;
  readonly resetKey: unknown;
}

/** Gives the fallback access to its boundary. */
const FailedContext = createContext<ErrorBoundary | null>(null);

/** Confines a rendering error to one message, room row or pane. React reports the error to the console. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, ErrorBoundaryState> {
  override state: ErrorBoundaryState = { error: null, resetKey: this.props.resetKey };
  readonly retry = () => this.setState({ error: null });

  static getDerivedStateFromError(error: unknown): Partial<ErrorBoundaryState> {
    return { error: error ?? 'unknown' };
  }

  static getDerivedStateFromProps(
    { resetKey }: ErrorBoundaryProps,
    state: ErrorBoundaryState,
  ): Partial<ErrorBoundaryState> | null {
    return Object.is(resetKey, state.resetKey) ? null : { error: null, resetKey };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return <FailedContext value={this}>{this.props.fallback}</FailedContext>;
  }
}

interface PaneNoticeProps {
  /** The subject of "… could not be shown." */
  readonly name: string;
  readonly className?: string | undefined;
  /** Adds a Close button. */
  readonly onClose?: (() => void) | undefined;
}

interface PaneErrorBoundaryProps extends PaneNoticeProps {
  readonly children: ReactNode;
  readonly resetKey?: unknown;
}

/** An error boundary around a pane: shows a notice with a retry button in its place. */
export function PaneErrorBoundary({ children, resetKey, ...notice }: PaneErrorBoundaryProps) {
  return (
    <ErrorBoundary resetKey={resetKey} fallback={<PaneNotice {...notice} />}>
      {children}
    </ErrorBoundary>
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
