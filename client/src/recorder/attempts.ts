/**
 * The attempts to use the WebSocket, read from the driver's log: when each began, how long its phases took, what ended it.
 *
 * Pure: time is in the entries. It follows the machine's states and decides nothing.
 */
import type { AttemptReport } from '../protocol.ts';
import type { LogEntry } from '../types.ts';

/** An attempt, with the moment of its end instead of the age that it has when it is reported. */
export type Finished = Omit<AttemptReport, 'age'> & { readonly at: number };
/** What the host knows when an attempt ends. */
export type Circumstances = Pick<AttemptReport, 'hidden' | 'slept' | 'offline' | 'http'>;

const PHASES: readonly unknown[] = ['opening', 'greeting', 'catching_up', 'proving', 'live'];

export function createAttempts(finished: (attempt: Finished) => void, circumstances: () => Circumstances) {
  let current: { id: string | null; readonly began: number; readonly took: number[] } | null = null;
  /** Of a socket that was made before its attempt began. */
  let next: string | null = null;
  let code: number | null = null;
  let marked = 0;

  return {
    /** A socket is made for the attempt under way. */
    socket(id: string): void {
      if (current && !current.id) current.id = id;
      else next = id;
    },
    log({ at, event, to, on, ...fields }: LogEntry): void {
      if (event === 'socket_closed') code = fields.code as number;
      if (event !== 'connection' || to === 'checking') return;
      const phase = PHASES.indexOf(to);
      if (phase > 0) {
        // Back from `checking` it is live as before.
        if (current && current.took.length < phase) current.took.push(at - marked);
      } else {
        if (current) {
          const { began, ...seen } = current;
          finished({ ...seen, ended: on as AttemptReport['ended'], code, at, lived: at - began, ...circumstances() });
        }
        current = phase ? null : { id: next, began: at, took: [] };
        next = code = null;
      }
      marked = at;
    },
  };
}
