/**
 * What tabs of one person and one build say to each other. All are of the same build (its name is in
 * the channel's), so there is no version and no guard here.
 *
 * Who leads is told by `term`: a later leader has a higher one, and what an earlier one still says is
 * passed over.
 */
import type { MessageId, ServerFrame, ServerHello } from '../protocol.ts';
import type { Present } from '../types.ts';

export type TabId = string;

/** From the leader. `link` numbers its proven sockets; null while it has none. */
export interface Beat {
  readonly type: 'beat';
  readonly from: TabId;
  readonly term: number;
  readonly link: number | null;
  readonly epoch: string | null;
}

export interface Welcome {
  readonly type: 'welcome';
  readonly from: TabId;
  readonly to: TabId;
  readonly link: number;
  readonly hello: ServerHello;
  /** Who is here now. */
  readonly presence: readonly ServerFrame[];
}

export type Word =
  | Beat
  /** Are you there? And: in front of me a person is, or not, and looks at this room (null: at none). */
  | { readonly type: 'ask'; readonly from: TabId; readonly room: number | null; readonly present: Present }
  | { readonly type: 'bye'; readonly from: TabId }
  /** A follower begins to listen on the leader's link; the answer is what the server said to the leader at its start. */
  | { readonly type: 'join'; readonly from: TabId; readonly to: TabId; readonly link: number }
  | Welcome
  /** A follower's frame for the server, and the server's answer to it. */
  | { readonly type: 'say'; readonly from: TabId; readonly to: TabId; readonly link: number; readonly text: string }
  | { readonly type: 'answer'; readonly from: TabId; readonly to: TabId; readonly link: number; readonly text: string }
  /** What the server said to this person, as it stood on the wire. */
  | {
      readonly type: 'frames';
      readonly from: TabId;
      readonly term: number;
      readonly link: number;
      readonly text: string;
    }
  /** The leader's link is over. `largest`: whose frame was the largest on its way. */
  | {
      readonly type: 'down';
      readonly from: TabId;
      readonly term: number;
      readonly code: number;
      readonly largest: TabId | null;
    }
  /** Whoever has this unsent item is to leave it to the one that asks; and: it did. */
  | { readonly type: 'take'; readonly from: TabId; readonly id: MessageId }
  | { readonly type: 'given'; readonly from: TabId; readonly to: TabId; readonly id: MessageId }
  /** The answer to the leader's poll; null: none came. */
  | { readonly type: 'polled'; readonly from: TabId; readonly term: number; readonly text: string | null };
