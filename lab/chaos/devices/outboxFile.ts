/** An outbox on disk, one line for each change, so that a killed device sends again what was not acknowledged. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { OutboxItem, OutboxStorage } from '@backchannel/client';

type Line = { readonly put: OutboxItem } | { readonly remove: readonly string[] };

/** @param written called for each message before it is on the disk, so that the disk holds none that is not in the history.
 * @param refused called for each message that the server refused for good, also for those of an earlier start. */
export function outboxFile(
  path: string,
  written: (item: OutboxItem) => void,
  refused: (item: OutboxItem) => void,
): OutboxStorage {
  const known = new Set<string>();
  const write = async (line: Line): Promise<void> => appendFileSync(path, `${JSON.stringify(line)}\n`);
  return {
    put: (item) => {
      if (!known.has(item.id)) written(item);
      known.add(item.id);
      if (item.state === 'failed') refused(item);
      return write({ put: item });
    },
    remove: (ids) => write({ remove: ids }),
    load: async () => {
      const held = new Map<string, OutboxItem>();
      const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
      for (const text of lines) {
        // The kill may have cut the last line.
        if (!text.endsWith('}')) continue;
        const line = JSON.parse(text) as Line;
        if ('put' in line) held.set(line.put.id, line.put);
        else for (const id of line.remove) held.delete(id);
      }
      for (const id of held.keys()) known.add(id);
      return [...held.values()];
    },
  };
}
