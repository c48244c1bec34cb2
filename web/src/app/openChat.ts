import type { Chat, UserId } from '@backchannel/client';
import { COMMANDS } from '@backchannel/client/commands';
import { withPeople } from '@backchannel/client/features/people';
import { createFullChat } from '@backchannel/client/full';
import { type SharedTabs, type ShareOptions, shareTabs } from '@backchannel/client/tabs';

/** A chat, and the connection this tab shares with other tabs of the same user and build. */
export interface OpenChat {
  readonly chat: Chat;
  readonly tabs: SharedTabs;
}

/** `build` identifies the app's build: only tabs with the same one share a connection. */
export function openChat(userId: UserId, build: string, options: Omit<ShareOptions, 'userId' | 'build'>): OpenChat {
  const tabs = shareTabs({ commands: COMMANDS, ...options, userId, build });
  return { chat: createFullChat(tabs.options, withPeople), tabs };
}
