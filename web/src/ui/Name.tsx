import type { User } from '@backchannel/client';
import { cleanName, nameOf } from './names.ts';

/** What somebody is called, set apart from the sentence it stands in (`ui/names.ts`). */
export function Name({ of }: { readonly of: Pick<User, 'username' | 'display_name'> }) {
  return <bdi>{nameOf(of)}</bdi>;
}

/** Any other words that people chose: a room's name, a topic, the workspace. */
export function Given({ children }: { readonly children: string }) {
  return <bdi>{cleanName(children)}</bdi>;
}
