import { ChatError, type CommandFields, type CommandName, type CommandResult } from '@backchannel/client';
import { useCallback, useEffect, useRef } from 'react';
import { toast } from '../ui/Toasts.tsx';
import { useChat } from './chat.ts';

/** The sentence to show for a failed command. */
export function problemText(error: unknown): string {
  if (!(error instanceof ChatError)) return 'Something went wrong. Try again.';
  switch (error.code) {
    case 'network':
    case 'connection_lost':
    case 'unavailable':
    case 'overloaded':
      return 'The server cannot be reached right now. Try again in a moment.';
    case 'cancelled':
      return 'You closed this before the server answered. Check whether it was done.';
    case 'rate_limited':
      return 'Too many requests. Wait a moment, then try again.';
    default:
      return error.detail || 'The server refused this.';
  }
}

/** Waits for a command that a button started and shows its failure in a toast. Returns whether it succeeded. */
export async function attempt(command: Promise<unknown>): Promise<boolean> {
  try {
    await command;
    return true;
  } catch (error) {
    // A cancelled command was reported when it was cancelled.
    if (!(error instanceof ChatError && error.code === 'cancelled')) toast(problemText(error), 'problem');
    return false;
  }
}

type RunCommand = <C extends CommandName>(type: C, fields: CommandFields<C>) => Promise<CommandResult<C>>;

/**
 * Returns a function that runs commands for the calling component. Unmounting it (closing the dialog) before the answer
 * cancels them: they are not retried, and a toast says that they may have been done.
 */
export function useCommand(): RunCommand {
  const chat = useChat();
  const running = useRef(new Set<AbortController>());
  useEffect(() => {
    const pending = running.current;
    return () => {
      if (pending.size > 0) toast(problemText(new ChatError({ code: 'cancelled' })), 'problem');
      for (const command of pending) command.abort();
    };
  }, []);
  return useCallback(
    async (type, fields) => {
      const cancel = new AbortController();
      running.current.add(cancel);
      try {
        return await chat.command(type, fields, { signal: cancel.signal });
      } finally {
        running.current.delete(cancel);
      }
    },
    [chat],
  );
}
