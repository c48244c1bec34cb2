import { Check, Copy } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { loadHighlighter } from '../../../app/lazyWithRetry.ts';
import { copyText } from '../../../ui/copyText.ts';

interface CodeBlockProps {
  readonly code: string;
  readonly language: string | undefined;
}

export function CodeBlock({ code, language }: CodeBlockProps) {
  const [highlighted, setHighlighted] = useState<ReactNode>(null);
  const [copied, setCopied] = useState(false);

  useEffect(() => {
    let current = true;
    setHighlighted(null);
    if (language) {
      // Until highlighting is loaded, the code is shown without colours.
      void loadHighlighter().then(({ highlight }) => current && setHighlighted(highlight(code, language)));
    }
    return () => {
      current = false;
    };
  }, [code, language]);

  return (
    <div className="group/code relative my-1.5 max-w-3xl">
      {/* It scrolls on its own, so it must be focusable. */}
      <pre tabIndex={0} className="scroll-thin">
        <code>{highlighted ?? code}</code>
      </pre>
      <button
        type="button"
        aria-label={copied ? 'Copied' : 'Copy code'}
        onClick={async () => {
          setCopied(await copyText(code));
          setTimeout(() => setCopied(false), 1_600);
        }}
        className="absolute top-1.5 right-1.5 grid size-7 place-items-center rounded-md border border-line bg-raised text-ink-faint opacity-0 group-hover/code:opacity-100 hover:text-ink focus-visible:opacity-100 pointer-coarse:opacity-100"
      >
        {copied ? <Check className="size-3.5 text-ok" /> : <Copy className="size-3.5" />}
      </button>
    </div>
  );
}
