import { useState } from 'react';
import { cx } from '../../ui/classes.ts';
import { isolated } from '../../ui/names.ts';
import { type Size, sourcesOf } from './layout.ts';
import { openPicture } from './openPicture.ts';
import type { Picture } from './pictures.ts';
import { Placeholder } from './Placeholder.tsx';
import { fileInText } from './texts.ts';
import { TroubleNote } from './TroubleNote.tsx';
import { useTrouble } from './useTrouble.ts';

/** The width of a tile of a group, for the choice of its version. */
const TILE_PX = 176;

interface PictureTileProps {
  readonly file: Picture['file'];
  /** Of a single picture; a tile of a group is a square. */
  readonly box?: Size;
}

/** A picture of a message; pressing it shows it over the whole window. Its place has its size before it is loaded. */
export function PictureTile({ file, box }: PictureTileProps) {
  const [loaded, setLoaded] = useState(false);
  const { src, srcSet } = sourcesOf(file);
  const { trouble, attempt, retry, onError } = useTrouble(src);
  const shape = cx('relative block max-w-full overflow-hidden rounded-lg bg-shade', !box && 'aspect-square w-full');
  const style = box && { width: box.width, aspectRatio: `${box.width} / ${box.height}` };
  if (trouble)
    return (
      <div className={cx(shape, 'grid place-items-center border border-line')} style={style}>
        <TroubleNote trouble={trouble} onRetry={retry} />
      </div>
    );
  const fit = box ? 'object-contain' : 'object-cover';
  return (
    <button
      type="button"
      data-picture={file.id}
      onClick={() => openPicture.set(file.id)}
      className={cx(shape, 'cursor-zoom-in')}
      style={style}
    >
      {!loaded && <Placeholder id={file.id} thumbhash={file.thumbhash} className={fit} />}
      <img
        key={attempt}
        src={src}
        srcSet={srcSet}
        sizes={`${box?.width ?? TILE_PX}px`}
        alt={file.alt ? isolated(file.alt) : `Picture ${fileInText(file)}`}
        decoding="async"
        draggable={false}
        onLoad={() => setLoaded(true)}
        onError={onError}
        className={cx('absolute inset-0 size-full', fit, !loaded && 'text-transparent')}
      />
      {file.content_type === 'image/gif' && (
        <span className="absolute bottom-1.5 left-1.5 rounded bg-raised/85 px-1.5 text-2xs font-semibold text-ink">
          GIF
        </span>
      )}
    </button>
  );
}
