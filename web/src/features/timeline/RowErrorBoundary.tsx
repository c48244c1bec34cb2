import type { Quote, User } from '@backchannel/client';
import type { ReactNode } from 'react';
import { copyText } from '../../ui/copyText.ts';
import { ErrorBoundary } from '../../ui/ErrorBoundary.tsx';
import { nameInText } from '../../ui/names.ts';
import { toast } from '../../ui/Toasts.tsx';
import { Verbatim } from './markdown/Markdown.tsx';
import { limitCombiningMarks } from './markdown/parse.ts';
import { RowFrame } from './MessageRow.tsx';
import type { Row } from './rows.ts';

interface RowErrorBoundaryProps {
  readonly row: Extract<Row, { kind: 'message' | 'pending' }>;
  readonly me: User;
  readonly tabbable: boolean;
  readonly onJump: (quote: Quote) => void;
  readonly children: ReactNode;
}

/**
 * Around each row: a message that fails to render is shown as plain text, or replaced by a notice; other rows are
 * unaffected.
 */
export function RowErrorBoundary({ row, children, ...rest }: RowErrorBoundaryProps) {
  // The boundary resets when this changes.
  const item = row.kind === 'message' ? row.message : row.pending;
  const { content } = item;
  const plain = (
    <ErrorBoundary resetKey={item} fallback={<Notice content={content}>A message could not be shown.</Notice>}>
      <PlainRow row={row} content={content} {...rest} />
    </ErrorBoundary>
  );
  return (
    <ErrorBoundary resetKey={item} fallback={plain}>
      {children}
    </ErrorBoundary>
  );
}

function PlainRow({
  row,
  content,
  me,
  tabbable,
  onJump,
}: Omit<RowErrorBoundaryProps, 'children'> & { readonly content: string }) {
  const sender = row.kind === 'message' ? row.message.sender : me;
  return (
    <RowFrame
      id={row.key}
      sender={sender}
      at={row.at}
      first={row.first}
      tabbable={tabbable}
      quote={null}
      onJump={onJump}
      label={nameInText(sender)}
    >
      <div dir="auto" className="bc-text">
        <Verbatim raw={content}>{limitCombiningMarks(content)}</Verbatim>
      </div>
      <div className="-mx-3 md:-mx-5">
        <Notice content={content}>Shown without its formatting, which failed.</Notice>
      </div>
    </RowFrame>
  );
}

function Notice({ content, children }: { readonly content: string; readonly children: ReactNode }) {
  return (
    <p className="px-3 text-xs text-ink-faint md:px-5">
      {children}{' '}
      <button
        type="button"
        onClick={async () => {
          if (await copyText(content)) toast('Copied.');
        }}
        className="font-medium text-accent hover:underline"
      >
        Copy text
      </button>
    </p>
  );
}
