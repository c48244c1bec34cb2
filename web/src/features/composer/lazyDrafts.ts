/** Drafts on all devices: what the first paint does not need. */
export { DraftChoice } from './DraftChoice.tsx';
export { startDraftSync } from './draftSync.ts';
