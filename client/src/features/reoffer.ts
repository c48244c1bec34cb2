/**
 * Keeps recently sent messages on the device, and sends them again under a new epoch.
 *
 * A restored backup (or a promoted standby) may lack the last messages it had acked. Its epoch is new, and each client
 * sends its own messages of the last days again, with their ids: those the server still has are duplicates, lost ones are
 * restored. A message that is refused (its room is gone, or another message has its id) is dropped silently.
 * Messages that the person deleted are not kept, and so not restored.
 */
import type { Feature } from '../core.ts';
import { defaultStorage, inTime } from '../outboxStorage.ts';
import type { CommandFields, Message, MessageId, ServerHello, UserId } from '../protocol.ts';
import type { CommandsChat, CoreChat, OutboxStorage, ReofferChat, SentItem } from '../types.ts';

/** A restored backup is rarely older than this. */
export const KEEP_MS = 7 * 24 * 60 * 60 * 1_000;
/** Bounds for a client (mostly a bot) that sends more than a device should keep. */
export const MAX_ITEMS = 1_000;
export const MAX_CHARACTERS = 2_000_000;

/** Adds `forget`, and keeps sent messages. Compose it after `withCommands`. */
export function withReoffer(given?: OutboxStorage<SentItem>): Feature<ReofferChat> {
  return (core) => {
    const { env, onFrame, onStored, outbox, replica } = core;
    const { command, disconnect } = core.chat as CoreChat & Partial<CommandsChat>;
    const storage = given ?? defaultStorage<SentItem>(env.baseUrl, 'sent');
    const { clock, log } = env;
    /** Of every user of this device, oldest first. */
    let items = new Map<MessageId, SentItem>();
    /** The last `hello` for which messages were offered. */
    let lastHello: ServerHello | null = null;
    let work: Promise<unknown> = Promise.resolve();

    /** One at a time, so that a removal is never overtaken by an earlier write. */
    function enqueue(act: () => Promise<unknown>): void {
      work = work.then(async () => {
        if (!(await inTime(clock, act()))) log('sent_not_kept');
      });
    }

    async function load(): Promise<void> {
      const loaded = [...(await storage.load())].sort((a, b) => (a.id < b.id ? -1 : 1));
      items = new Map(loaded.map((item) => [item.id, item]));
      await prune();
    }

    async function prune(): Promise<void> {
      let { size } = items;
      let characters = 0;
      for (const { content } of items.values()) characters += content.length;
      const gone: MessageId[] = [];
      for (const { id, content, createdAt } of items.values()) {
        if (clock.now() - createdAt <= KEEP_MS && size <= MAX_ITEMS && characters <= MAX_CHARACTERS) break;
        size--;
        characters -= content.length;
        gone.push(id);
      }
      if (gone[0]) await drop(gone);
    }

    async function drop(ids: readonly MessageId[]): Promise<void> {
      for (const id of ids) items.delete(id);
      await storage.remove(ids);
    }

    function dropDeleted(id: MessageId): void {
      enqueue(async () => {
        if (!items.has(id)) return;
        await drop([id]);
        outbox.discard(id);
      });
    }

    const ofUser = (userId: UserId | undefined): SentItem[] =>
      [...items.values()].filter((item) => item.userId === userId);

    /** Offers what was acked under another epoch. */
    function offer({ user, epoch }: ServerHello): void {
      const lost = ofUser(user.id).filter((item) => item.epoch !== epoch && !outbox.get(item.id));
      if (!lost[0]) return;
      log('offered_again', { messages: lost.length });
      outbox.offer(lost, (id) => enqueue(() => drop([id])));
    }

    function keep({ id, room_id, content, reply_to, attachments, sender, deleted, thread, in_room }: Message): void {
      const { epoch } = replica;
      if (deleted) return dropDeleted(id);
      if (!epoch) return;
      enqueue(async () => {
        const item: SentItem = {
          id,
          userId: sender.id,
          roomId: room_id,
          content,
          replyTo: reply_to?.id ?? null,
          attachments: attachments.map((file) => file.id),
          inThread: { thread, in_room },
          createdAt: items.get(id)?.createdAt ?? clock.now(),
          epoch,
        };
        items.set(id, item);
        await storage.put(item);
        await prune();
      });
    }

    onStored.push(keep);
    onFrame.push((frame) => {
      if (frame.type === 'hello') {
        if (lastHello?.epoch === frame.epoch && lastHello.user.id === frame.user.id) return;
        lastHello = frame;
        // At once, so that it is sent before new messages; then what another tab has kept meanwhile.
        offer(frame);
        enqueue(async () => {
          await load();
          offer(frame);
        });
      } else if (frame.type === 'message_deleted') dropDeleted(frame.message.id);
      // Kept as the person edited it. Where the server has the older text, it keeps that.
      else if (frame.type === 'message_edited') enqueue(async () => items.has(frame.message.id) && keep(frame.message));
    });
    enqueue(load);

    const commands: CommandsChat | undefined = command && {
      command(type, fields, options) {
        // Drop it whatever the answer is: the event of the deletion may be lost with the connection.
        if (type === 'delete_message') dropDeleted((fields as CommandFields<'delete_message'>).message_id);
        return command(type, fields, options);
      },
    };

    return {
      ...commands,
      async disconnect() {
        await disconnect();
        await work;
      },
      async forget() {
        const { user } = replica;
        outbox.ids().forEach(outbox.discard);
        enqueue(async () => {
          await load();
          await drop(ofUser(user?.id).map(({ id }) => id));
        });
        await Promise.all([work, outbox.written()]);
      },
    } satisfies ReofferChat & Partial<CommandsChat> & Pick<CoreChat, 'disconnect'>;
  };
}
