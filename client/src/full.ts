/**
 * @backchannel/client/full: the core with the features that every app needs, as the app and the React package use it. Others, such as
 * pins, are composed in by the apps that need them.
 */
import { credentialsOf } from './auth.ts';
import { browserEvents } from './browser.ts';
import { createChat } from './core.ts';
import { withChanges } from './features/changes.ts';
import { withCommands } from './features/commands.ts';
import { withNotifications } from './features/notifications.ts';
import { withPresence } from './features/presence.ts';
import { withReading } from './features/reading.ts';
import { withReoffer } from './features/reoffer.ts';
import { memoryStorage } from './outboxStorage.ts';
import type { Chat, ChatOptions } from './types.ts';

export { withChanges, withCommands, withNotifications, withPresence, withReading, withReoffer };

export function createFullChat({ auth, webSocketAcceptsHeaders, sentStorage, ...options }: ChatOptions): Chat {
  const credentials = credentialsOf(auth, !!webSocketAcceptsHeaders && !!options.WebSocket);
  return createChat(
    { events: browserEvents(), ...options, credentials },
    withCommands,
    withChanges,
    withReading,
    withPresence,
    withNotifications,
    // With a storage of the caller's own, the device's is not used.
    withReoffer(sentStorage ?? (options.storage && memoryStorage())),
  );
}
