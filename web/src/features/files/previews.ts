import type { KnownFile, Preview } from './uploads.ts';

export interface Previews {
  load(file: KnownFile): Promise<Preview | null>;
  get(id: string): Preview | null;
}

/** The longer side of a preview: enough for the timeline on a screen of high density. */
const SIDE_PX = 720;
/** Larger files are shown by an icon: decoding them takes too much memory of a phone. */
const MAX_BYTES = 32 * 2 ** 20;
/** Only so many are held. */
const MAX_HELD = 40;

/**
 * Decodes pictures without showing them through an address, so that the page's CSP needs no `blob:`. One at a time: a picture of a
 * camera takes 100 MB while it is decoded.
 */
export function createPreviews(read: (id: string) => Promise<ArrayBuffer | null>): Previews {
  const loading = new Map<string, Promise<Preview | null>>();
  const held = new Map<string, Preview>();
  let queue: Promise<unknown> = Promise.resolve();

  async function decode({ id, contentType }: KnownFile): Promise<Preview | null> {
    const bytes = await read(id);
    if (!bytes) return null;
    try {
      const preview = await shrink(new Blob([bytes], { type: contentType }));
      held.set(id, preview);
      for (const oldest of [...held.keys()].slice(0, Math.max(0, held.size - MAX_HELD))) {
        held.delete(oldest);
        loading.delete(oldest);
      }
      return preview;
    } catch {
      // Not a picture that this browser knows: HEIC, or a broken file.
      return null;
    }
  }

  return {
    load(file) {
      const { id, contentType, size } = file;
      if (!/^image\/(?!svg)/.test(contentType) || size > MAX_BYTES) return Promise.resolve(null);
      const known = loading.get(id);
      if (known) return known;
      const preview = queue.then(() => decode(file));
      queue = preview;
      loading.set(id, preview);
      return preview;
    },
    get: (id) => held.get(id) ?? null,
  };
}

async function shrink(blob: Blob): Promise<Preview> {
  const full = await createImageBitmap(blob);
  const { width, height } = full;
  const scale = Math.min(1, SIDE_PX / Math.max(width, height));
  if (scale === 1) return { bitmap: full, width, height };
  const bitmap = await createImageBitmap(full, {
    resizeWidth: Math.max(1, Math.round(width * scale)),
    resizeHeight: Math.max(1, Math.round(height * scale)),
    resizeQuality: 'medium',
  });
  full.close();
  return { bitmap, width, height };
}
