/** Everything of threads that the first paint does not need, as one chunk. */
export { withThreads } from '@backchannel/client/features/threads';
export { ThreadPanel } from './ThreadPanel.tsx';
export { ThreadsPage } from './ThreadsPage.tsx';
