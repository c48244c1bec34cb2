/**
 * Uploads of the server in memory: announced, received in pieces, ready at once when they are whole, claimed by one message.
 */
import type { Attachment, CommandFields, Upload, UserId } from '../protocol.gen.ts';
import { LIMITS, Refusal } from './answers.ts';

const PLAIN = 'application/octet-stream';

interface Held {
  readonly userId: UserId;
  upload: Upload;
  readonly bytes: Uint8Array;
  messageId: string | null;
}

export class MemoryUploads {
  readonly #held = new Map<string, Held>();
  readonly #changed: (userId: UserId, upload: Upload) => void;
  /** Files with this name are rejected by the check. */
  infected = '';
  /** Checks last until this is false again and the upload is asked for. */
  isSlow = false;

  constructor(changed: (userId: UserId, upload: Upload) => void) {
    this.#changed = changed;
  }

  create(userId: UserId, fields: Readonly<Record<string, unknown>>): { upload: Upload } {
    const { id, room_id, name, size, content_type = PLAIN, alt } = fields as unknown as CommandFields<'create_upload'>;
    const known = this.#held.get(id);
    if (known) {
      const same = known.userId === userId && known.upload.name === name && known.upload.size === size;
      if (!same) throw new Refusal('id_reused');
      if (alt) known.upload = { ...known.upload, alt };
      return { upload: known.upload };
    }
    if (size > LIMITS.upload_size) throw new Refusal('file_too_large');
    const state = size === 0 ? 'ready' : 'receiving';
    const upload: Upload = { id, room_id, name, size, content_type, offset: 0, state, claimed: false };
    this.#held.set(id, {
      userId,
      upload: alt ? { ...upload, alt } : upload,
      bytes: new Uint8Array(size),
      messageId: null,
    });
    return { upload };
  }

  get(userId: UserId, id: string): { upload: Upload } {
    const held = this.#mine(userId, id);
    if (held.upload.state === 'checking' && !this.isSlow) held.upload = { ...held.upload, state: 'ready' };
    return { upload: held.upload };
  }

  delete(userId: UserId, id: string): object {
    if (this.#mine(userId, id).messageId) throw new Refusal('upload_claimed');
    this.#held.delete(id);
    return {};
  }

  /** The bytes from `offset` on. Throws a Refusal, of a gap with what is stored. */
  put(userId: UserId, id: string, offset: number, piece: Uint8Array): { offset: number } {
    const held = this.#mine(userId, id);
    const { upload, bytes } = held;
    if (piece.length > LIMITS.upload_chunk) throw new Refusal('too_large');
    if (offset > upload.offset) {
      const refusal = new Refusal('wrong_offset');
      Object.assign(refusal.body, { offset: upload.offset });
      throw refusal;
    }
    if (offset + piece.length > upload.size) throw new Refusal('invalid');
    if (offset + piece.length <= upload.offset) return { offset: upload.offset };
    bytes.set(piece, offset);
    held.upload = { ...upload, offset: offset + piece.length };
    if (held.upload.offset === upload.size) this.#check(held);
    return { offset: held.upload.offset };
  }

  claim(userId: UserId, roomId: number, ids: readonly string[], messageId: string): Attachment[] {
    const files = ids.map((id) => {
      const held = this.#held.get(id);
      if (held?.userId !== userId || held.upload.room_id !== roomId) throw new Refusal('upload_not_found');
      if (held.upload.state !== 'ready') throw new Refusal('upload_not_ready');
      if (held.messageId) throw new Refusal('upload_claimed');
      return held;
    });
    return files.map((held) => {
      held.messageId = messageId;
      held.upload = { ...held.upload, claimed: true };
      const { id, name, size, content_type, alt } = held.upload;
      const shown = { id, name, size, content_type, url: `/files/${id}/${encodeURIComponent(name)}` };
      return alt ? Object.assign(shown, { alt }) : shown;
    });
  }

  /** What the server has of a file. */
  bytesOf(id: string): Uint8Array | undefined {
    return this.#held.get(id)?.bytes;
  }

  #check(held: Held): void {
    const { userId, upload } = held;
    if (this.isSlow) {
      held.upload = { ...upload, state: 'checking' };
      return;
    }
    const isBad = upload.name === this.infected;
    held.upload = isBad ? { ...upload, state: 'rejected', code: 'infected' } : { ...upload, state: 'ready' };
    this.#changed(userId, held.upload);
  }

  #mine(userId: UserId, id: string): Held {
    const held = this.#held.get(id);
    if (held?.userId !== userId) throw new Refusal('upload_not_found');
    return held;
  }
}
