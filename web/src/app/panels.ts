import { createStore } from '../ui/store.ts';

/** Dialogs that more than one place opens: a button, a key, an empty state. One at a time. */
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
/** What was typed for the switcher before its field was there: its code may have to be fetched first. */
export const typedAhead = createStore('');
/** The column of members at the right. */
export const membersOpen = createStore(false);
