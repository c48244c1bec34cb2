/** What shows messages, as one chunk: the lists share their rows (`web/lazyChunks.ts` says why they are not two). */
export { MessageList } from './MessageList.tsx';
export { ReplyList } from './ReplyList.tsx';
