/** Which files are refused before their first byte is sent, and what the person can do instead. Pure. */
import type { Limits } from '@backchannel/client';
import { sizeText } from './texts.ts';

type Bounds = Partial<Pick<Limits, 'upload_files' | 'upload_size'>>;

export interface Refusal<F> {
  readonly file: F;
  readonly problem: string;
}

/** The protocol's defaults, until the server has sent its own. */
const DEFAULTS = { upload_files: 10, upload_size: 100 * 2 ** 20 };

/**
 * Splits `files` into those to take and those to refuse. `already`: how many are ready to be sent with the same message.
 */
export function checkFiles<F extends { readonly name: string; readonly size: number }>(
  files: readonly F[],
  already: number,
  bounds: Bounds | null,
): { readonly taken: readonly F[]; readonly refused: readonly Refusal<F>[] } {
  const { upload_files: most, upload_size: largest } = { ...DEFAULTS, ...bounds };
  const taken: F[] = [];
  const refused: Refusal<F>[] = [];
  for (const file of files) {
    const problem = problemOf(file.size, taken.length + already);
    if (problem === null) taken.push(file);
    else refused.push({ file, problem });
  }
  return { taken, refused };

  function problemOf(size: number, before: number): string | null {
    if (largest === 0) return 'This server takes no files. Send a link instead.';
    if (size > largest)
      return `${sizeText(size)} is too large: the limit is ${sizeText(largest)}. Send a smaller version, or a link.`;
    if (before >= most) return `A message has ${most} files at most. Send these first, then add more.`;
    return null;
  }
}
