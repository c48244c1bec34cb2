import type { UploadRecord, UploadsChat } from '@backchannel/client/features/uploads';
import type { FilePlace } from '../../app/filePlace.ts';
import type { Store } from '../../ui/store.ts';

/** A picture of this device, decoded small. */
export interface Preview {
  readonly bitmap: ImageBitmap;
  /** Of the picture itself, in pixels. */
  readonly width: number;
  readonly height: number;
}

/** A file that is not on its way: it is being read, or was refused. */
export interface Note extends FilePlace {
  readonly key: string;
  readonly name: string;
  readonly size: number;
  /** Why it was refused; null while it is being read. */
  readonly problem: string | null;
}

/** What is shown of a file after its message took it. */
export type KnownFile = Pick<UploadRecord, 'id' | 'name' | 'size' | 'contentType'>;

export interface Uploads extends UploadsChat {
  /** Reads the files and begins to send them. Refused ones become notes. */
  add(place: FilePlace, files: readonly File[]): Promise<void>;
  readonly notes: Store<readonly Note[]>;
  dismissNote(key: string): void;
  /** A small version of a picture of this device; null where it is none or cannot be decoded. */
  preview(file: KnownFile): Promise<Preview | null>;
  /** The same, if it is there already. */
  previewNow(id: string): Preview | null;
  /** A file that this tab has sent or is sending. */
  known(id: string): KnownFile | undefined;
}
