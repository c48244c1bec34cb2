/**
 * The context: the `Chat` that the components below use.
 */
import type { Chat, ChatOptions } from '@backchannel/client';
import { createFullChat } from '@backchannel/client/full';
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';

const ChatContext = createContext<Chat | null>(null);

export type UnifiedChatProviderProps = { readonly children: ReactNode } & (
  | {
      /** A chat created elsewhere (shared with code outside React). */
      readonly chat: Chat;
      readonly options?: never;
    }
  | {
      /** Read once, when the provider mounts. */
      readonly options: ChatOptions;
      readonly chat?: never;
    }
);

/** Connects while it is mounted, and provides the chat to the components below. */
export function UnifiedChatProvider({ chat: given, options, children }: UnifiedChatProviderProps): ReactNode {
  const [made] = useState(() => given ?? createFullChat(options));
  const chat = given ?? made;
  useEffect(() => {
    chat.connect();
    return () => void chat.disconnect();
  }, [chat]);
  return <ChatContext value={chat}>{children}</ChatContext>;
}

/** The chat itself, for commands. @throws Error outside a UnifiedChatProvider. */
export function useChat(): Chat {
  const chat = useContext(ChatContext);
  if (!chat) throw new Error('useChat needs a <UnifiedChatProvider> above it.');
  return chat;
}
