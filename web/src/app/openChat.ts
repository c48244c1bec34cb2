import type { Chat, UserId } from '@backchannel/client';
import { COMMANDS } from '@backchannel/client/commands';
import { later } from '@backchannel/client/features/late';
import { withPeople } from '@backchannel/client/features/people';
import { concernsThreads } from '@backchannel/client/features/threadFrames';
import { createFullChat } from '@backchannel/client/full';
import { createRecorder, type RecorderChat } from '@backchannel/client/recorder';
import { type SharedTabs, type ShareOptions, shareTabs } from '@backchannel/client/tabs';
import { createFiles } from './createFiles.ts';
import { createThreads } from './createThreads.ts';
import type { Files } from './files.ts';
import { createLateFeatures } from './lateFeatures.ts';
import type { Threads } from './threads.ts';
import { unreadOf } from './unread.ts';

/** A chat, the connection this tab shares with other tabs of the same user and build, the files on their way, and threads. */
export interface OpenChat {
  readonly chat: Chat & RecorderChat;
  readonly tabs: SharedTabs;
  readonly files: Files;
  readonly threads: Threads;
}

/** `build` identifies the app's build: only tabs with the same one share a connection. */
export function openChat(userId: UserId, build: string, options: Omit<ShareOptions, 'userId' | 'build'>): OpenChat {
  // Below the tabs: it observes the one socket that they share.
  const recorder = createRecorder({ commands: COMMANDS, ...options });
  const tabs = shareTabs({ ...recorder.options, userId, build });
  const late = createLateFeatures();
  const threads = later(concernsThreads);
  const chat = createFullChat(tabs.options, withPeople, recorder.feature, late.feature, threads.feature);
  late.keepFor(chat);
  unreadOf(chat);
  const files = createFiles(chat, userId, options.storage === undefined);
  return { chat, tabs, files, threads: createThreads(threads) };
}
