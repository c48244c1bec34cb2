import { nameParts } from './texts.ts';

/** A file's name on one line. A long one is cut before its ending. */
export function FileName({ file }: { readonly file: { readonly name: string } }) {
  const [stem, ending] = nameParts(file);
  return (
    <bdi className="flex min-w-0 font-medium" title={stem + ending}>
      <span className="truncate">{stem}</span>
      <span className="shrink-0">{ending}</span>
    </bdi>
  );
}
