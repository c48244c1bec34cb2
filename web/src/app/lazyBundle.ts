/** Everything that is loaded after the first paint, as one chunk; `lazyWithRetry.ts` says why. */
export { DetailsDialog } from '../features/details/DetailsDialog.tsx';
export { SignedOutScreens } from '../features/accounts/SignedOutScreens.tsx';
export { MembersPanel } from '../features/rooms/MembersPanel.tsx';
export { RoomDialog } from '../features/rooms/RoomDialogs.tsx';
export { startBackground } from './background.ts';
export { Panels } from './Panels.tsx';
export { UserMenuItems } from './UserMenuItems.tsx';
