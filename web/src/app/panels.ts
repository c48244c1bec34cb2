import { createStore } from '../ui/store.ts';

/** Dialogs that open from more than one place: a button, a shortcut, an empty state. One is open at a time. */
export type Panel =
  | 'switcher'
  | 'create-direct'
  | 'create-group'
  | 'create-channel'
  | 'browse-channels'
  | 'shortcuts'
  | 'unsent'
  | 'password'
  | 'devices'
  | 'sign-out'
  | 'invite';

export const openPanel = createStore<Panel | null>(null);
/** Text typed for the switcher before its field appeared, while its code was fetched. */
export const typedAhead = createStore('');
/** Whether the member panel at the right is open. */
export const membersOpen = createStore(false);
