import type { Chat, UserId } from '@backchannel/client';
import { createFullChat } from '@backchannel/client/full';
import { type SharedTabs, type ShareOptions, shareTabs } from '@backchannel/client/tabs';

/** A chat, and what this tab shares with the others of the same person and build. */
export interface OpenChat {
  readonly chat: Chat;
  readonly tabs: SharedTabs;
}

export function openChat(userId: UserId, build: string, options: Omit<ShareOptions, 'userId' | 'build'>): OpenChat {
  const tabs = shareTabs({ ...options, userId, build });
  return { chat: createFullChat(tabs.options), tabs };
}
