import { ChatError, type CommandFields, type CommandName, type CommandResult } from '@backchannel/client';
import { useCallback, useEffect, useRef } from 'react';
import { toast } from '../ui/Toasts.tsx';
import { useChat } from './chat.ts';

/** What to tell a person about a refusal. */
export function problemText(error: unknown): string {
  if (!(error instanceof ChatError)) return 'Something went wrong. Try again.';
  switch (error.code) {
    case 'network':
    case 'connection_lost':
    case 'unavailable':
    case 'overloaded':
      return 'The server cannot be reached right now. Try again in a moment.';
    case 'cancelled':
      return 'You stopped waiting before the server answered. Check whether it was done.';
    case 'rate_limited':
      return 'That was a lot at once. Wait a moment, then try again.';
    default:
      return error.detail || 'The server refused this.';
  }
}

/** Runs a command for a button: what goes wrong is said in passing. True where it went well. */
export async function attempt(doing: Promise<unknown>): Promise<boolean> {
  try {
    await doing;
    return true;
  } catch (error) {
    // What was given up has been told of by whoever gave it up.
    if (!(error instanceof ChatError && error.code === 'cancelled')) toast(problemText(error), 'problem');
    return false;
  }
}

type Ask = <C extends CommandName>(type: C, fields: CommandFields<C>) => Promise<CommandResult<C>>;

/**
 * Commands of one dialog. Who closes it while the answer is out gives the command up: it is not tried again behind their
 * back, and they are told that it may have been done.
 */
export function useCommand(): Ask {
  const chat = useChat();
  const asked = useRef(new Set<AbortController>());
  useEffect(() => {
    const all = asked.current;
    return () => {
      if (all.size > 0) toast(problemText(new ChatError({ code: 'cancelled' })), 'problem');
      for (const stop of all) stop.abort();
    };
  }, []);
  return useCallback(
    async (type, fields) => {
      const stop = new AbortController();
      asked.current.add(stop);
      try {
        return await chat.command(type, fields, { signal: stop.signal });
      } finally {
        asked.current.delete(stop);
      }
    },
    [chat],
  );
}
