import type { Chat, Core, Feature } from '@backchannel/client';

/** The parts of each chat, kept for features of the client whose code is loaded after the app. */
const cores = new WeakMap<Chat, Core>();

/** `feature` goes into the chat when it is made; `keepFor` is called with that chat. */
export function createLateFeatures() {
  let core: Core | null = null;
  return {
    feature(given: Core): object {
      core = given;
      return {};
    },
    keepFor(chat: Chat): void {
      if (core) cores.set(chat, core);
    },
  };
}

/** The parts of a chat that `openChat` made. */
export function coreOf(chat: Chat): Core {
  const core = cores.get(chat);
  if (!core) throw new Error('openChat() did not make this chat.');
  return core;
}

/** The methods of a feature that a chat gets when it is first asked for them, once for each chat. */
export function lateFeature<Methods extends object>(feature: Feature<Methods>): (chat: Chat) => Methods {
  const made = new WeakMap<Chat, Methods>();
  return (chat) => {
    const methods = made.get(chat) ?? feature(coreOf(chat));
    made.set(chat, methods);
    return methods;
  };
}
