import { Component, type ReactNode, useEffect, useRef } from 'react';
import { CenteredPage } from '../features/accounts/CenteredPage.tsx';
import { Button } from '../ui/Button.tsx';

interface PageErrorBoundaryProps {
  readonly children: ReactNode;
}

/**
 * The outermost error boundary: shows an error page instead of an empty one. The chat disconnects as on every unmount,
 * after its last write; drafts are stored on every key press. React reports the error to the console.
 */
export class PageErrorBoundary extends Component<PageErrorBoundaryProps, { readonly error: unknown }> {
  override state = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error: error ?? 'unknown' };
  }

  override render() {
    return this.state.error === null ? this.props.children : <Failed error={this.state.error} />;
  }
}

function Failed({ error }: { readonly error: unknown }) {
  const page = useRef<HTMLDivElement>(null);
  // The focused element is unmounted; focus this, so that the next Tab reaches the buttons.
  useEffect(() => page.current?.focus(), []);
  return (
    <div ref={page} role="alert" tabIndex={-1} className="outline-none">
      <CenteredPage
        title="Something went wrong"
        lead="This page could not be shown. Your drafts and unsent messages are kept on this device."
        foot={<span className="text-xs break-words">{String(error).slice(0, 300)}</span>}
      >
        <div className="flex flex-wrap gap-2">
          <Button look="primary" size="lg" onClick={() => location.reload()}>
            Reload
          </Button>
          {/* If the current room causes the error, a reload fails again. */}
          <Button size="lg" onClick={() => location.assign('/')}>
            Start page
          </Button>
        </div>
      </CenteredPage>
    </div>
  );
}
