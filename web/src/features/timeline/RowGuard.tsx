import type { Quote, User } from '@backchannel/client';
import type { ReactNode } from 'react';
import { copyText } from '../../ui/copyText.ts';
import { Guard } from '../../ui/Guard.tsx';
import { spokenName } from '../../ui/names.ts';
import { toast } from '../../ui/Toasts.tsx';
import { Typed } from './markdown/Markdown.tsx';
import { unpile } from './markdown/parse.ts';
import { RowFrame } from './MessageRow.tsx';
import type { Row } from './rows.ts';

interface RowGuardProps {
  readonly row: Extract<Row, { kind: 'message' | 'pending' }>;
  readonly me: User;
  readonly tabbable: boolean;
  readonly onJump: (quote: Quote) => void;
  readonly children: ReactNode;
}

/** Around each row: a message that cannot be drawn is shown as it was typed, or at least said, and the room goes on. */
export function RowGuard({ row, children, ...rest }: RowGuardProps) {
  // Once the message changes, drawing it is tried again.
  const of = row.kind === 'message' ? row.message : row.pending;
  const { content } = of;
  const plain = (
    <Guard of={of} instead={<Notice content={content}>A message could not be shown.</Notice>}>
      <PlainRow row={row} content={content} {...rest} />
    </Guard>
  );
  return (
    <Guard of={of} instead={plain}>
      {children}
    </Guard>
  );
}

function PlainRow({
  row,
  content,
  me,
  tabbable,
  onJump,
}: Omit<RowGuardProps, 'children'> & { readonly content: string }) {
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
      label={spokenName(sender)}
    >
      <div dir="auto" className="bc-text">
        <Typed raw={content}>{unpile(content)}</Typed>
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
