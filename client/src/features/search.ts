/**
 * Search: pages of hits for what is typed, one search at a time.
 *
 * Theory. A search is one object that is thrown away: typing on starts another, and the answer to an older one is dropped, however
 * late it comes. A page continues where the last one ended. A page may be empty although there is more, because the server searches
 * for a bounded time; then the next one is asked for at once, up to `EMPTY_PAGES` times. Hits change with the messages: an edit or a
 * deletion that arrives takes the hit away or shows it as it is now, without its ranges, which would point at other words.
 */
import type { Core } from '../core.ts';
import { ChatError } from '../errors.ts';
import { changeMessage } from '../message.ts';
import type { CommandFields, Hit, RoomId } from '../protocol.ts';
import { checkOnline } from './commands.ts';

/** The pause in typing after which a search is sent. */
const TYPING_MS = 150;
const EMPTY_PAGES = 5;

export interface SearchView {
  readonly query: string;
  readonly hits: readonly Hit[];
  /** A page is being read. */
  readonly isLoading: boolean;
  readonly hasMore: boolean;
  /** The time was over before everything was searched: there may be more further back. */
  readonly isPartial: boolean;
  /** Why the last page did not come; `more` tries it again. */
  readonly error: ChatError | null;
}

export interface SearchOptions {
  readonly roomId?: RoomId;
  readonly order?: 'newest' | 'best';
  readonly limit?: number;
  /** Called after every change of `view`. */
  readonly changed: () => void;
}

export interface MessageSearch {
  readonly view: SearchView;
  /** Searches for this, once typing pauses. Blank: for nothing, and there are no hits. */
  type(query: string): void;
  /** Searches now, without waiting for a pause. */
  submit(): Promise<void>;
  /** Reads the next page, after an error the same one again. Nothing while one is being read. */
  more(): Promise<void>;
  close(): void;
}

export interface SearchChat {
  openSearch(options: SearchOptions): MessageSearch;
}

const NOTHING: SearchView = { query: '', hits: [], isLoading: false, hasMore: false, isPartial: false, error: null };

/** Adds `openSearch`. */
export function withSearch(core: Core): SearchChat {
  const { env, onFrame, replica, routes, run } = core;
  const open = new Set<(frame: Parameters<(typeof onFrame)[number]>[0]) => void>();
  routes.search = 'GET /api/search';
  onFrame.push((frame) => open.forEach((receive) => receive(frame)));

  return {
    openSearch({ roomId, order, limit, changed }) {
      let view = NOTHING;
      let before: string | null = null;
      /** Of the present query; another one stops its reads. */
      let stop = new AbortController();
      let timer: unknown = null;

      const show = (change: Partial<SearchView>): void => {
        view = { ...view, ...change };
        changed();
      };

      /** @param isRetry After a failure: tries even where both transports were lost a moment ago. */
      async function read(isRetry = false): Promise<void> {
        const { signal } = stop;
        show({ isLoading: true, error: null });
        try {
          for (let empty = 0; ; empty++) {
            if (!isRetry) checkOnline(core);
            const fields: CommandFields<'search'> = {
              query: view.query,
              ...(roomId !== undefined && { room_id: roomId }),
              ...(order && { order }),
              ...(limit !== undefined && { limit }),
              ...(before !== null && { before }),
            };
            const { result } = await run('search', fields, undefined, signal);
            if (signal.aborted) return;
            before = result.before;
            const known = new Set(view.hits.map(({ message }) => message.id));
            const hits = [...view.hits, ...result.hits.filter(({ message }) => !known.has(message.id))];
            const isOver = result.hits.length > 0 || !result.has_more || empty >= EMPTY_PAGES;
            show({ hits, hasMore: result.has_more, isPartial: result.partial, isLoading: !isOver });
            if (isOver) return;
          }
        } catch (error) {
          if (signal.aborted) return;
          show({ isLoading: false, error: error instanceof ChatError ? error : new ChatError({ code: 'internal' }) });
        }
      }

      function restart(): Promise<void> {
        env.clock.clearTimeout(timer);
        stop.abort();
        stop = new AbortController();
        before = null;
        if (view.query.trim() === '') {
          show({ ...NOTHING, query: view.query });
          return Promise.resolve();
        }
        show({ hits: [], hasMore: false, isPartial: false });
        return read();
      }

      const receive: (typeof onFrame)[number] = (frame) => {
        if (frame.type === 'hello' && replica.isOther(frame.user)) return show(NOTHING);
        if (frame.type === 'room_removed') {
          const hits = view.hits.filter(({ message }) => message.room_id !== frame.room_id);
          if (hits.length < view.hits.length) show({ hits });
          return;
        }
        if (!('at' in frame) || !('message' in frame || 'message_id' in frame)) return;
        const id = 'message' in frame ? frame.message.id : frame.message_id;
        if (frame.type === 'message_created' || !view.hits.some(({ message }) => message.id === id)) return;
        const hits = view.hits.map((hit) => {
          if (hit.message.id !== id || frame.seq <= hit.message.rev_seq) return hit;
          const message = changeMessage(hit.message, frame);
          return { message, ranges: message.content === hit.message.content ? hit.ranges : [] };
        });
        show({ hits: hits.filter(({ message }) => !message.deleted) });
      };
      open.add(receive);

      return {
        get view() {
          return view;
        },
        type(query) {
          env.clock.clearTimeout(timer);
          view = { ...view, query };
          timer = env.clock.setTimeout(() => void restart(), TYPING_MS);
          changed();
        },
        submit: restart,
        more: () => (view.isLoading || !(view.hasMore || view.error) ? Promise.resolve() : read(view.error !== null)),
        close() {
          env.clock.clearTimeout(timer);
          stop.abort();
          open.delete(receive);
        },
      };
    },
  };
}
