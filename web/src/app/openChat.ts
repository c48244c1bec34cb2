import type { Chat, UserId } from '@backchannel/client';
import { COMMANDS } from '@backchannel/client/commands';
import { withPeople } from '@backchannel/client/features/people';
import { createFullChat } from '@backchannel/client/full';
import { createRecorder, type RecorderChat } from '@backchannel/client/recorder';
import { type SharedTabs, type ShareOptions, shareTabs } from '@backchannel/client/tabs';
import { createFiles } from './createFiles.ts';
import type { Files } from './files.ts';
import { createLateFeatures } from './lateFeatures.ts';

/** A chat, the connection this tab shares with other tabs of the same user and build, and the files on their way. */
export interface OpenChat {
  readonly chat: Chat & RecorderChat;
  readonly tabs: SharedTabs;
  readonly files: Files;
}

/** `build` identifies the app's build: only tabs with the same one share a connection. */
export function openChat(userId: UserId, build: string, options: Omit<ShareOptions, 'userId' | 'build'>): OpenChat {
  // Below the tabs: it observes the one socket that they share.
  const recorder = createRecorder({ commands: COMMANDS, ...options });
  const tabs = shareTabs({ ...recorder.options, userId, build });
  const late = createLateFeatures();
  const chat = createFullChat(tabs.options, withPeople, recorder.feature, late.feature);
  late.keepFor(chat);
  const files = createFiles(chat, userId, options.storage === undefined);
  return { chat: chat as Chat & RecorderChat, tabs, files };
}
