/** Drafts on all devices, and messages that are sent later: what the first paint does not need. */
export { ScheduledButton } from '../schedule/ScheduledButton.tsx';
export { ScheduledDialog } from '../schedule/ScheduledDialog.tsx';
export { ScheduledNote } from '../schedule/ScheduledNote.tsx';
export { SendLaterMenu } from '../schedule/SendLaterMenu.tsx';
export { DraftChoice } from './DraftChoice.tsx';
export { startDraftSync } from './draftSync.ts';
