import type { Chat, Message, UserId } from '@backchannel/client';

/** One press away, in the order of use in most chats. */
export const QUICK = ['👍', '❤️', '😂', '🎉'] as const;

/** For the menu: what reactions are made of, by kind. No picker of two thousand, no data to load. */
export const EMOJI: readonly { readonly title: string; readonly emoji: readonly string[] }[] = [
  {
    title: 'Answers',
    emoji: ['👍', '👎', '👌', '🙏', '👏', '🙌', '🤝', '✋', '💪', '🫡', '✅', '❌', '➕', '❓', '❗', '💯'],
  },
  {
    title: 'Faces',
    emoji: [
      '😀',
      '😂',
      '🤣',
      '😊',
      '😍',
      '🥰',
      '😎',
      '🤔',
      '😅',
      '😬',
      '😮',
      '😢',
      '😭',
      '😡',
      '🤯',
      '🥳',
      '😴',
      '🤗',
      '🙃',
      '😉',
      '🫠',
      '🤷',
      '🤦',
      '👀',
    ],
  },
  {
    title: 'Things',
    emoji: ['❤️', '🔥', '🎉', '🚀', '⭐', '✨', '💡', '☕', '🍕', '🎂', '🌱', '🐛', '🔧', '📌', '📈', '⏳'],
  },
];

/** @param message as it will be, with what waits. */
export function toggleReaction(chat: Chat, message: Message, emoji: string, me: UserId): void {
  const mine = message.reactions.some((reaction) => reaction.emoji === emoji && reaction.user_ids.includes(me));
  // A refusal is shown at the message.
  chat.react(message, emoji, !mine).catch(() => undefined);
}
