import { PenLine, Reply, X } from 'lucide-react';
import type { ReplyTarget } from '../../app/drafts.ts';
import { UserText } from '../../ui/Name.tsx';

interface ComposerContextProps {
  readonly editing: boolean;
  readonly replyTo: ReplyTarget | null;
  readonly onCancel: () => void;
}

/** Says that the text is an edit of a message or a reply to one; renders nothing otherwise. */
export function ComposerContext({ editing, replyTo, onCancel }: ComposerContextProps) {
  if (!editing && !replyTo) return null;
  const Icon = editing ? PenLine : Reply;
  return (
    <div className="flex items-center gap-2 border-b border-line py-1 pr-1 pl-3.5 text-xs text-ink-soft">
      <Icon className="size-3.5 shrink-0 text-accent" aria-hidden="true" />
      <span className="min-w-0 flex-1 truncate">
        {editing ? (
          <span className="font-medium text-ink">Editing your message</span>
        ) : (
          <>
            Reply to{' '}
            <span className="font-medium text-ink">
              <UserText>{replyTo?.name ?? ''}</UserText>
            </span>
            <span className="text-ink-faint">
              {' '}
              · <bdi>{replyTo?.excerpt}</bdi>
            </span>
          </>
        )}
      </span>
      <kbd className="font-sans text-ink-faint pointer-coarse:hidden">Esc</kbd>
      <button
        type="button"
        aria-label={editing ? 'Stop editing' : 'Do not reply'}
        onClick={onCancel}
        className="grid size-7 place-items-center rounded-md text-ink-faint hover:bg-hover hover:text-ink pointer-coarse:size-9"
      >
        <X className="size-4" />
      </button>
    </div>
  );
}
