/**
 * Scheduled messages of the server in memory. Nothing is sent by itself: a test calls `sendDue`.
 */
import type { CommandFields, Scheduled, UserId } from '../protocol.gen.ts';
import { Refusal } from './answers.ts';

interface Held {
  readonly userId: UserId;
  scheduled: Scheduled;
}

export interface ScheduledPorts {
  changed(userId: UserId, scheduled: Scheduled): void;
  /** @throws Refusal */
  send(userId: UserId, scheduled: Scheduled): void;
}

export class MemoryScheduled {
  readonly #held = new Map<string, Held>();
  readonly #ports: ScheduledPorts;

  constructor(ports: ScheduledPorts) {
    this.#ports = ports;
  }

  of(userId: UserId): Scheduled[] {
    const mine = [...this.#held.values()].filter((held) => held.userId === userId).map(({ scheduled }) => scheduled);
    return mine.filter(({ state }) => isThere(state)).sort((one, two) => Date.parse(one.at) - Date.parse(two.at));
  }

  put(userId: UserId, fields: CommandFields<'schedule_message'>): { scheduled: Scheduled } {
    const { base_rev, draft_rev: _, ...message } = fields;
    const stored = this.#mine(userId, message.id);
    if (stored?.state === 'sent') throw new Refusal('already_sent');
    if (stored?.state === 'cancelled') throw new Refusal('schedule_cancelled');
    const isSame = stored?.content === message.content && stored.at === message.at;
    if (stored?.state === 'waiting' && isSame) return { scheduled: stored };
    const rev = stored?.rev ?? 0;
    if (base_rev !== undefined && base_rev !== rev) throw new Refusal('schedule_conflict');
    return { scheduled: this.#set(userId, { ...message, state: 'waiting', rev: rev + 1 } as Scheduled) };
  }

  cancel(userId: UserId, id: string): { scheduled: Scheduled } {
    const stored = this.#mine(userId, id);
    if (!stored) throw new Refusal('scheduled_not_found');
    if (stored.state === 'sent') throw new Refusal('already_sent');
    if (stored.state === 'cancelled') return { scheduled: stored };
    return { scheduled: this.#set(userId, { ...stored, state: 'cancelled', content: '', rev: stored.rev + 1 }) };
  }

  /** Everything whose time has come. */
  sendDue(now_ms: number): void {
    for (const { userId, scheduled } of this.#held.values()) {
      if (scheduled.state !== 'waiting' || Date.parse(scheduled.at) > now_ms) continue;
      try {
        this.#ports.send(userId, scheduled);
        this.#set(userId, { ...scheduled, state: 'sent' });
      } catch (error) {
        const { code, detail } = (error as Refusal).body;
        this.#set(userId, { ...scheduled, state: 'failed', rev: scheduled.rev + 1, code, detail });
      }
    }
  }

  #mine(userId: UserId, id: string): Scheduled | undefined {
    const held = this.#held.get(id);
    return held?.userId === userId ? held.scheduled : undefined;
  }

  #set(userId: UserId, scheduled: Scheduled): Scheduled {
    this.#held.set(scheduled.id, { userId, scheduled });
    this.#ports.changed(userId, scheduled);
    return scheduled;
  }
}

function isThere(state: Scheduled['state']): boolean {
  return state === 'waiting' || state === 'failed';
}
