import { useLayoutEffect, useReducer, useRef } from 'react';
import type { Row } from './rows.ts';
import { type Step, stepTowards } from './virtualizerSteps.ts';

/** Applies the steps of `stepTowards` one after the other, all before the next paint. */
export function useVirtualizerSteps(wanted: readonly Row[]): Step {
  const shown = useRef<readonly Row[]>([]);
  const [turn, next] = useReducer((count: number) => count + 1, 0);
  const step = stepTowards(shown.current, wanted);
  const { rows } = step;
  // The second step gives the wanted rows, so there are at most two renders.
  useLayoutEffect(() => {
    shown.current = rows;
    if (rows !== wanted) next();
  }, [rows, wanted, turn]);
  return step;
}
