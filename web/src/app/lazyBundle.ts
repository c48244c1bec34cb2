/** What is loaded late: one chunk, for the reason that `late.ts` gives. */
export { SignedOutScreens } from '../features/accounts/SignedOutScreens.tsx';
export { MembersPanel } from '../features/rooms/MembersPanel.tsx';
export { RoomDialog } from '../features/rooms/RoomDialogs.tsx';
export { startBackground } from './background.ts';
export { Panels } from './Panels.tsx';
export { UserMenuItems } from './UserMenuItems.tsx';
