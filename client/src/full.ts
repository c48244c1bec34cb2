/**
 * @backchannel/client/full: the core with the features that every app needs, as the app and the React package use it. Others, such as
 * pins, are composed in by the apps that need them.
 */
import { credentialsOf } from './auth.ts';
import { browserEvents } from './browser.ts';
import { createChat, type Feature } from './core.ts';
import { withChanges } from './features/changes.ts';
import { withCommands } from './features/commands.ts';
import { withNotifications } from './features/notifications.ts';
import { withPresence } from './features/presence.ts';
import { withReading } from './features/reading.ts';
import { withReoffer } from './features/reoffer.ts';
import { jwt } from './jwt.ts';
import { memoryStorage } from './outboxStorage.ts';
import type { Chat, ChatOptions } from './types.ts';

export { withChanges, withCommands, withNotifications, withPresence, withReading, withReoffer };

/** The members that features add to a chat, beside those it has. */
type Added<Features extends readonly Feature<object>[]> = Features extends readonly [
  Feature<infer Api>,
  ...infer Others extends readonly Feature<object>[],
]
  ? Omit<Api, keyof Chat> & Added<Others>
  : unknown;

/** @param more features besides, that need no method of the chat's. The chat has their members, too. */
export function createFullChat<More extends readonly Feature<object>[]>(
  { auth, webSocketAcceptsHeaders, sentStorage, ...options }: ChatOptions,
  ...more: More
): Chat & Added<More> {
  const inHeader = !!webSocketAcceptsHeaders && !!options.WebSocket;
  return createChat(
    {
      events: browserEvents(),
      ...options,
      ...(auth?.kind === 'jwt' ? jwt(auth.token, options.fetch) : { credentials: credentialsOf(auth, inHeader) }),
    },
    ...more,
    withCommands,
    withChanges,
    withReading,
    withPresence,
    withNotifications,
    // With a storage of the caller's own, the device's is not used.
    withReoffer(sentStorage ?? (options.storage && memoryStorage())),
  ) as Chat & Added<More>;
}
