import type { ServerFrame } from '../protocol.ts';

/**
 * Whether threads depend on the frame: a reply that comes, changes or goes, and what is read or followed. For `later` (late.ts), by apps
 * that load `withThreads` after the chat was made.
 */
export function concernsThreads(frame: ServerFrame): boolean {
  if ('message' in frame) return !!(frame.message as { thread?: string | null } | null)?.thread;
  return frame.type === 'thread_state' || frame.type === 'read_state';
}
