import type { Attachment, Message } from '@backchannel/client';
import { kindOf } from './texts.ts';

/** A picture with a size, and its message. */
export interface Picture {
  readonly file: Attachment & { readonly width: number; readonly height: number };
  readonly message: Message;
}

export const isPicture = (file: Attachment): file is Picture['file'] => kindOf(file) === 'picture';

/** All pictures of the messages, in their order. */
export const picturesOf = (messages: readonly Message[]): Picture[] =>
  messages.flatMap((message) => message.attachments.filter(isPicture).map((file) => ({ file, message })));
