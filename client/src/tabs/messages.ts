/**
 * The messages between tabs of one person and one build. All tabs run the same build (the channel's name
 * contains it), so there is no version and no validation.
 *
 * `term` numbers the leaders: each new one has a higher term, and messages of an earlier term are ignored.
 */
import type { MessageId, ServerFrame, ServerHello } from '../protocol.ts';
import type { Present } from '../types.ts';

export type TabId = string;

/** The leader's heartbeat. `link` numbers its proven sockets; null while it has none. */
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
  /** Who is present now. */
  readonly presence: readonly ServerFrame[];
}

export type TabMessage =
  | Beat
  /** Asks the leader for a beat, and reports this tab's person and the room in view (null: none). */
  | { readonly type: 'ask'; readonly from: TabId; readonly room: number | null; readonly present: Present }
  | { readonly type: 'bye'; readonly from: TabId }
  /** A follower joins the leader's link; the answer, `welcome`, has what the server sent the leader when it connected. */
  | { readonly type: 'join'; readonly from: TabId; readonly to: TabId; readonly link: number }
  | Welcome
  /** A follower's frame for the server, and the server's answer to it. */
  | { readonly type: 'send'; readonly from: TabId; readonly to: TabId; readonly link: number; readonly text: string }
  | { readonly type: 'answer'; readonly from: TabId; readonly to: TabId; readonly link: number; readonly text: string }
  /** Frames for this person, as they came from the server. */
  | {
      readonly type: 'frames';
      readonly from: TabId;
      readonly term: number;
      readonly link: number;
      readonly text: string;
    }
  /** The leader's link ended. `largest`: whose frame was the largest without an answer. */
  | {
      readonly type: 'down';
      readonly from: TabId;
      readonly term: number;
      readonly code: number;
      readonly largest: TabId | null;
    }
  /** Asks the tab that holds this unsent item to hand it over; and the confirmation. */
  | { readonly type: 'take'; readonly from: TabId; readonly id: MessageId }
  | { readonly type: 'given'; readonly from: TabId; readonly to: TabId; readonly id: MessageId }
  /** The answer to the leader's poll; null: none came. */
  | { readonly type: 'polled'; readonly from: TabId; readonly term: number; readonly text: string | null };
