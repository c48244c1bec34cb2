import { Component, type ReactNode, useEffect, useRef } from 'react';
import { CenteredPage } from '../features/accounts/CenteredPage.tsx';
import { Button } from '../ui/Button.tsx';

interface PageErrorBoundaryProps {
  readonly children: ReactNode;
}

/**
 * Around everything: where drawing fails, a page that says so instead of an empty one. The chat is let go of like at any
 * leaving, after its last write; drafts are on the device with every key. React reports the error to the console.
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
  const words = useRef<HTMLDivElement>(null);
  // What had the focus is gone; from here the next Tab leads to the way out.
  useEffect(() => words.current?.focus(), []);
  return (
    <div ref={words} role="alert" tabIndex={-1} className="outline-none">
      <CenteredPage
        title="Something went wrong"
        lead="This page could not be shown. Your drafts and unsent messages are kept on this device."
        foot={<span className="text-xs break-words">{String(error).slice(0, 300)}</span>}
      >
        <div className="flex flex-wrap gap-2">
          <Button look="primary" size="lg" onClick={() => location.reload()}>
            Reload
          </Button>
          {/* Where this very room is the reason, a reload of it would fail again. */}
          <Button size="lg" onClick={() => location.assign('/')}>
            Start page
          </Button>
        </div>
      </CenteredPage>
    </div>
  );
}
