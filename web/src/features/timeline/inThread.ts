import type { Message } from '@backchannel/client';
import { createContext } from 'react';

/** What a row does in a thread instead of in its room. */
export interface InThread {
  /** Quotes the message in the next reply. */
  quote(message: Message): void;
}

/** Null where rows are those of a room. */
export const InThreadContext = createContext<InThread | null>(null);
