import type { Token } from 'marked';
import { useEffect, useState } from 'react';
import { loadLexer } from '../../../app/lazyWithRetry.ts';
import { plain } from './parse.ts';

let parse: ((content: string) => Token[]) | null = null;

/** Asked for as soon as the app runs: it is there before the first messages are. */
const loading = loadLexer().then((loaded) => {
  parse = loaded.parse;
});

/** What reads the marks of a message; until it is there, text is still text. */
export function useParse(): (content: string) => Token[] {
  const [, setLoaded] = useState(parse !== null);
  useEffect(() => {
    if (!parse) void loading.then(() => setLoaded(true));
  }, []);
  return parse ?? plain;
}
