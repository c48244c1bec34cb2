import type { User } from '@backchannel/client';
import { cleanName, nameOf } from './names.ts';

/** A person's name, isolated from the text around it (`ui/names.ts`). */
export function Name({ of }: { readonly of: Pick<User, 'username' | 'display_name'> }) {
  return <bdi>{nameOf(of)}</bdi>;
}

/** Any other name chosen by users: of a room, a topic, the workspace. */
export function UserText({ children }: { readonly children: string }) {
  return <bdi>{cleanName(children)}</bdi>;
}
