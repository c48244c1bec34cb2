import { useEffect, useRef, useState } from 'react';
import { cx } from '../../ui/classes.ts';
import type { KnownFile, Uploads } from './uploads.ts';
import type { Preview } from './uploads.ts';

/** The preview of a picture of this device; null until it is decoded, and where the file is no picture. */
export function usePreview(uploads: Uploads, file: KnownFile): Preview | null {
  const [preview, setPreview] = useState(() => uploads.previewNow(file.id));
  const latest = useRef(file);
  latest.current = file;
  const { id } = file;
  useEffect(() => {
    let unmounted = false;
    void uploads.preview(latest.current).then((decoded) => unmounted || setPreview(decoded));
    return () => {
      unmounted = true;
    };
  }, [uploads, id]);
  return preview;
}

interface BitmapCanvasProps {
  readonly bitmap: ImageBitmap;
  readonly className?: string;
}

/** Draws a bitmap. CSS decides its size on screen. */
export function BitmapCanvas({ bitmap, className }: BitmapCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    // A bitmap that was closed meanwhile has no size.
    if (!element || bitmap.width === 0) return;
    element.width = bitmap.width;
    element.height = bitmap.height;
    element.getContext('2d')?.drawImage(bitmap, 0, 0);
  }, [bitmap]);
  return <canvas ref={canvas} aria-hidden="true" className={cx('block', className)} />;
}
