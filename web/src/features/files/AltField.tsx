import type { UploadRecord } from '@backchannel/client/features/uploads';
import { useEffect, useRef, useState } from 'react';
import { isComposing } from '../../ui/useListbox.ts';
import { fileInText } from './texts.ts';

/** The protocol's limit of `alt`, in characters. */
const MAX_LENGTH = 1_000;

interface AltFieldProps {
  readonly file: UploadRecord;
  /** With the description, or null where the person gave up. */
  readonly onDone: (alt: string | null) => void;
}

/** The description of a picture, for people who cannot see it. Enter or leaving the field keeps it, Escape does not. */
export function AltField({ file, onDone }: AltFieldProps) {
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(file.alt);
  const isDone = useRef(false);
  useEffect(() => field.current?.focus(), []);
  const done = (alt: string | null) => {
    if (isDone.current) return;
    isDone.current = true;
    onDone(alt);
  };
  return (
    <input
      ref={field}
      type="text"
      dir="auto"
      maxLength={MAX_LENGTH}
      value={text}
      aria-label={`Description of ${fileInText(file)}`}
      placeholder="What is on it, for people who cannot see it"
      onChange={(event) => setText(event.target.value)}
      onKeyDown={(event) => {
        if (isComposing(event) || (event.key !== 'Enter' && event.key !== 'Escape')) return;
        event.preventDefault();
        event.stopPropagation();
        done(event.key === 'Enter' ? text.trim() : null);
      }}
      onBlur={() => done(text.trim())}
      className="h-8 w-full rounded-md border border-line-strong bg-raised px-2 text-sm pointer-coarse:h-10 pointer-coarse:text-base"
    />
  );
}
