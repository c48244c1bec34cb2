import type { Token } from 'marked';
import { useEffect, useState } from 'react';
import { loadLexer } from '../../../app/lazyWithRetry.ts';
import { plain } from './parse.ts';

let parse: ((content: string) => Token[]) | null = null;

/** It has been loading since the app started (Timeline.tsx). */
const loading = loadLexer().then((loaded) => {
  parse = loaded.parse;
});

/** The Markdown parser; until it is loaded, a function that returns plain text. */
export function useParse(): (content: string) => Token[] {
  const [, setLoaded] = useState(parse !== null);
  useEffect(() => {
    if (!parse) void loading.then(() => setLoaded(true));
  }, []);
  return parse ?? plain;
}
