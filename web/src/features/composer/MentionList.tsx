import { Avatar } from '../../ui/Avatar.tsx';
import { Name } from '../../ui/Name.tsx';
import { handleOf } from '../../ui/names.ts';
import type { useMentionList } from './useMentionList.ts';

export function MentionList({ mention }: { readonly mention: ReturnType<typeof useMentionList> }) {
  if (!mention.open) return null;
  return (
    <ul
      {...mention.listProps}
      aria-label="People to mention"
      className="absolute bottom-full left-3 z-30 mb-1 max-h-[min(18rem,40dvh)] w-80 max-w-[calc(100%-1.5rem)] overflow-y-auto rounded-lg bg-raised p-1 shadow-pop scroll-thin md:left-5"
    >
      {mention.offered.map((user, index) => (
        <li
          key={user.id}
          {...mention.optionProps(index)}
          className="flex h-9 items-center gap-2.5 rounded-md px-2 aria-selected:bg-hover pointer-coarse:h-11"
        >
          <Avatar user={user} className="size-6 text-[0.625rem]" />
          <span className="truncate font-medium">
            <Name of={user} />
          </span>
          <span className="truncate text-ink-faint">{handleOf(user)}</span>
        </li>
      ))}
    </ul>
  );
}
