import { useCallback, useEffect, useRef, useState } from 'react';
import { useIsReachable } from '../../app/chat.ts';

/** Why a file is not shown. `unreachable`: no answer, or an error that may pass. */
export type Trouble = 'gone' | 'denied' | 'unreachable';

export const TROUBLE_TEXT: { readonly [T in Trouble]: string } = {
  gone: 'This file was deleted.',
  denied: 'You cannot open this file any more.',
  unreachable: 'Could not be loaded.',
};

/** Asks the server: an element that failed to load does not say why. Null: the file is there. */
export async function troubleOf(url: string): Promise<Trouble | null> {
  const answer = await fetch(url, { method: 'HEAD' }).catch(() => null);
  if (answer?.ok) return null;
  if (answer?.status === 403 || answer?.status === 401) return 'denied';
  return answer?.status === 404 || answer?.status === 410 ? 'gone' : 'unreachable';
}

/**
 * What is wrong with a file, for an element that loads it: call `onError` when it fails. What may pass is tried again when the
 * connection is back, and when the person asks for it; `attempt` is a key for the element, which loads again when it changes.
 */
export function useTrouble(url: string) {
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [attempt, setAttempt] = useState(0);
  const isMounted = useRef(false);
  useEffect(() => {
    isMounted.current = true;
    return () => {
      isMounted.current = false;
    };
  }, []);

  const retry = useCallback(() => {
    setTrouble(null);
    setAttempt((count) => count + 1);
  }, []);
  const works = useIsReachable();
  const before = useRef(works);
  useEffect(() => {
    if (works && !before.current && trouble === 'unreachable') retry();
    before.current = works;
  }, [works, trouble, retry]);

  const onError = useCallback(async () => {
    const found = (await troubleOf(url)) ?? 'unreachable';
    if (isMounted.current) setTrouble(found);
  }, [url]);
  return { trouble, attempt, retry, onError: () => void onError() };
}
