/** Files, as one chunk; `app/lazyWithRetry.ts` says why. What only a part of it needs would be a part of the first load. */
export { AttachMenu } from './AttachMenu.tsx';
export { Attachments } from './Attachments.tsx';
export { ComposerFiles } from './ComposerFiles.tsx';
export { createUploads } from './createUploads.ts';
export { Lightbox } from './Lightbox.tsx';
export { PendingFiles } from './PendingFiles.tsx';
