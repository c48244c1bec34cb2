import type { Chat, Message, UserId } from '@backchannel/client';

/** Offered without the menu, the most used first. */
export const QUICK = ['👍', '❤️', '😂', '🎉'] as const;

/** The emoji of the reaction menu, by group. A short list needs no search and no data to load. */
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

/** Adds or removes the user's reaction. `message` must have waiting changes applied. */
export function toggleReaction(chat: Chat, message: Message, emoji: string, me: UserId): void {
  const mine = message.reactions.some((reaction) => reaction.emoji === emoji && reaction.user_ids.includes(me));
  // A failed reaction is shown at the message.
  chat.react(message, emoji, !mine).catch(() => undefined);
}
