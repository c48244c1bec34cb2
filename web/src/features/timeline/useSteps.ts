import { useLayoutEffect, useReducer, useRef } from 'react';
import type { Row } from './rows.ts';
import { type Step, stepTowards } from './steps.ts';

/** `stepTowards`, step by step, all before the next paint. */
export function useSteps(wanted: readonly Row[]): Step {
  const shown = useRef<readonly Row[]>([]);
  const [, next] = useReducer((turn: number) => turn + 1, 0);
  const step = stepTowards(shown.current, wanted);
  useLayoutEffect(() => {
    shown.current = step.rows;
    if (step.rows !== wanted) next();
  });
  return step;
}
