import { useEffect, useRef } from 'react';
import { thumbHashToRGBA } from 'thumbhash';
import { useUploads } from '../../app/useFiles.ts';
import { cx } from '../../ui/classes.ts';
import { BitmapCanvas } from './PreviewCanvas.tsx';

interface PlaceholderProps {
  readonly id: string;
  readonly thumbhash: string | undefined;
  readonly className?: string;
}

/** Shown until a picture is loaded: the preview of one that this tab has sent, else what its thumbhash says of it. */
export function Placeholder({ id, thumbhash, className }: PlaceholderProps) {
  const preview = useUploads()?.previewNow(id);
  const classes = cx('absolute inset-0 size-full', className);
  if (preview) return <BitmapCanvas bitmap={preview.bitmap} className={classes} />;
  return thumbhash ? <ThumbhashCanvas hash={thumbhash} className={classes} /> : null;
}

function ThumbhashCanvas({ hash, className }: { readonly hash: string; readonly className: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const image = decode(hash);
    const element = canvas.current;
    if (!element || !image) return;
    element.width = image.width;
    element.height = image.height;
    element.getContext('2d')?.putImageData(image, 0, 0);
  }, [hash]);
  return <canvas ref={canvas} aria-hidden="true" className={className} />;
}

/** Null for a text that is no thumbhash. */
function decode(hash: string): ImageData | null {
  try {
    const { w, h, rgba } = thumbHashToRGBA(Uint8Array.from(atob(hash), (sign) => sign.charCodeAt(0)));
    return new ImageData(new Uint8ClampedArray(rgba), w, h);
  } catch {
    return null;
  }
}
