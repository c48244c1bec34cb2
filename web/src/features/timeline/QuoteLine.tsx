import type { Quote } from '@backchannel/client';
import { Avatar } from '../../ui/Avatar.tsx';
import { Name } from '../../ui/Name.tsx';
import { nameInText } from '../../ui/names.ts';
import { plainText } from '../../ui/plainText.ts';

/** The message that a reply refers to; pressing it scrolls there. */
export function QuoteLine({ quote, onJump }: { readonly quote: Quote; readonly onJump: (quote: Quote) => void }) {
  const excerpt = plainText(quote.excerpt);
  return (
    <button
      type="button"
      onClick={() => onJump(quote)}
      aria-label={`In reply to ${nameInText(quote.sender)}: ${excerpt || 'a deleted message'}`}
      className="relative -ml-8 mb-0.5 flex max-w-[min(100%+2rem,46rem)] items-center gap-1.5 rounded-md pl-8 text-left text-xs text-ink-faint hover:text-ink-soft"
    >
      <span
        aria-hidden="true"
        className="absolute top-2 left-[-2px] h-3.5 w-7 rounded-tl-md border-t-2 border-l-2 border-line-strong"
      />
      <Avatar user={quote.sender} className="size-4 text-[0.5rem]" />
      <span className="max-w-[50%] shrink-0 truncate font-medium text-ink-soft">
        <Name of={quote.sender} />
      </span>
      <bdi className="truncate">{excerpt || <em>Message deleted</em>}</bdi>
    </button>
  );
}
