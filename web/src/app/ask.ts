import { ChatError } from '@backchannel/client';
import { toast } from '../ui/Toasts.tsx';

/** What to tell a person about a refusal. */
export function problemText(error: unknown): string {
  if (!(error instanceof ChatError)) return 'Something went wrong. Try again.';
  switch (error.code) {
    case 'network':
    case 'connection_lost':
    case 'unavailable':
    case 'overloaded':
      return 'The server cannot be reached right now. Try again in a moment.';
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
    toast(problemText(error), 'problem');
    return false;
  }
}
