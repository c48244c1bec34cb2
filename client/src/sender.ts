/**
 * One try to deliver one message. Hedged: the socket has two seconds to answer, then the message is also
 * sent by REST, and the first answer wins. That is safe because the id is the key: the server stores the
 * message once, whichever way and however often it arrives.
 *
 * If REST brings the ack and the socket has received nothing since the send, the socket is a zombie;
 * if it has received frames, but no ack seconds later, it does not send, and is one too.
 */
import { CHECK_MS } from './connection/machine.ts';
import { within } from './clock.ts';
import type { Driver } from './connection/driver.ts';
import type { Environment } from './environment.ts';
import type { ChatError } from './errors.ts';
import type { Outbox } from './outbox.ts';
import type { PendingMessage, SendResult } from './types.ts';

/** Several slow mobile round trips; short enough that a person does not send again. */
export const HEDGE_MS = 2_000;

/** What one try needs of the core. */
export interface SenderPorts {
  readonly env: Pick<Environment, 'clock'>;
  readonly driver: Pick<Driver, 'doubt' | 'http' | 'link' | 'zombie'>;
  /** Open while the server has confirmed who is signed in. */
  readonly outbox: Pick<Outbox, 'isOpen'>;
}

export function deliver(
  item: Pick<PendingMessage, 'id' | 'roomId' | 'content' | 'replyTo' | 'attachments' | 'inThread'>,
  { env: { clock }, driver, outbox }: SenderPorts,
): Promise<SendResult> {
  const { id, roomId, content, replyTo, attachments, inThread } = item;
  const fields = {
    id,
    room_id: roomId,
    content,
    ...(replyTo !== null && { reply_to: replyTo }),
    ...(attachments.length > 0 && { attachments }),
    ...inThread,
  };
  const byRest = async (): Promise<SendResult> => ({
    method: 'rest',
    message: (await driver.http.request('send_message', fields)).message,
  });
  const { link } = driver;
  if (!link) return byRest();

  return new Promise((resolve, reject) => {
    const { received } = link;
    let hedged = false;
    let answered = false;
    let restError: ChatError | null = null;
    let linkError: ChatError | null = null;

    /** The link has not answered for too long. */
    const reportZombie = (): void => {
      if (!answered && !linkError) driver.zombie(link);
    };

    const hedge = (): void => {
      if (hedged) return;
      hedged = true;
      if (!outbox.isOpen) return reject(linkError);
      byRest().then(
        (result) => {
          resolve(result);
          clock.setTimeout(reportZombie, link.received === received ? 0 : CHECK_MS);
        },
        (error: ChatError) => {
          restError = error;
          if (error.final || linkError) reject(error);
          // Neither answered: a link that receives, but not this answer, must not block the room.
          else clock.setTimeout(reportZombie, CHECK_MS);
        },
      );
    };

    const late = (): void => {
      driver.doubt();
      hedge();
    };

    within(clock, HEDGE_MS, link.request('send_message', fields), late).then(
      ({ message }) => {
        answered = true;
        resolve({ method: 'websocket', message });
      },
      (error: ChatError) => {
        linkError = error;
        // A refusal is an answer; a broken link is none.
        if (error.status !== null || restError) reject(restError ?? error);
        else hedge();
      },
    );
  });
}
