import type { RoomId } from '@backchannel/client';
import { useChatState } from '../../app/chat.ts';
import { useKnownPeople } from '../../app/directory.ts';
import { firstNameInText } from '../../ui/names.ts';

const NOBODY: readonly number[] = [];

/** Who is typing. Keeps its height when nobody is, so that the composer does not move. */
export function TypingRow({ roomId }: { readonly roomId: RoomId }) {
  const typing = useChatState((state) => state.typing[roomId] ?? NOBODY);
  const people = useKnownPeople();
  const names = typing.map((id) => {
    const user = people.get(id);
    return user ? firstNameInText(user) : 'Someone';
  });
  return (
    <div className="flex h-5 items-center gap-2 px-4 text-xs text-ink-faint md:px-6" data-testid="typing">
      {names.length > 0 && (
        <>
          <span aria-hidden="true" className="flex gap-[3px]">
            {[0, 160, 320].map((delay) => (
              <span
                key={delay}
                className="size-[5px] animate-dot rounded-full bg-ink-faint"
                style={{ animationDelay: `${delay}ms` }}
              />
            ))}
          </span>
          <span className="truncate">{typingText(names)}</span>
        </>
      )}
    </div>
  );
}

export function typingText(names: readonly string[]): string {
  const [first, second] = names;
  if (names.length === 1) return `${first} is typing`;
  if (names.length === 2) return `${first} and ${second} are typing`;
  const others = names.length - 2;
  return `${first}, ${second} and ${others} ${others === 1 ? 'other' : 'others'} are typing`;
}
