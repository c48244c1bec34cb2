import { useState } from 'react';
import { cx } from '../../ui/classes.ts';
import { isolated } from '../../ui/names.ts';
import { Spinner } from '../../ui/Spinner.tsx';
import type { Picture } from './pictures.ts';
import { sourcesOf } from './layout.ts';
import { fileInText } from './texts.ts';
import { TroubleNote } from './TroubleNote.tsx';
import { useTrouble } from './useTrouble.ts';

interface LightboxPictureProps {
  readonly file: Picture['file'];
  /** In its own size, scrolled, instead of fitted to the window. */
  readonly zoomed: boolean;
  readonly onZoom: () => void;
  /** How far a swipe has moved it. */
  readonly offset: { readonly x: number; readonly y: number };
}

/** One picture of the lightbox. The small version, which the timeline has loaded, is under the large one until that is there. */
export function LightboxPicture({ file, zoomed, onZoom, offset }: LightboxPictureProps) {
  const { width, height } = file;
  // Only the file itself moves, and only it has all pixels.
  const url = zoomed || file.content_type === 'image/gif' ? file.url : (file.view_url ?? file.url);
  const [loaded, setLoaded] = useState('');
  const { trouble, attempt, retry, onError } = useTrouble(url);
  if (trouble)
    return (
      <div className="grid size-full place-items-center">
        <TroubleNote trouble={trouble} onRetry={retry} className="text-sm" />
      </div>
    );
  const alt = file.alt ? isolated(file.alt) : `Picture ${fileInText(file)}`;
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a zoomed picture is scrolled by the arrow keys
    <div
      tabIndex={zoomed ? 0 : undefined}
      role={zoomed ? 'group' : undefined}
      aria-label={zoomed ? `${alt}, original size` : undefined}
      className={cx('bc-lightbox-stage', zoomed && 'overflow-auto')}
    >
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions -- the header has the button for it */}
      <div
        onClick={onZoom}
        className={cx('relative m-auto shrink-0 bg-shade', zoomed ? 'cursor-zoom-out' : 'cursor-zoom-in')}
        style={{
          ...(zoomed ? { width, height } : fitted(width, height)),
          ...((offset.x !== 0 || offset.y !== 0) && { transform: `translate(${offset.x}px, ${offset.y}px)` }),
        }}
      >
        {loaded !== url && (
          <>
            <img src={sourcesOf(file).src} alt="" draggable={false} className="absolute inset-0 size-full" />
            <Spinner className="absolute inset-0 m-auto size-6 text-ink-soft" />
          </>
        )}
        <img
          key={attempt}
          src={url}
          alt={alt}
          draggable={false}
          decoding="async"
          onLoad={() => setLoaded(url)}
          onError={onError}
          className={cx('absolute inset-0 size-full', loaded !== url && 'opacity-0')}
        />
      </div>
    </div>
  );
}

/** As large as the stage allows, and no larger than the picture is. */
const fitted = (width: number, height: number) => ({
  width: `min(100cqw, ${width}px, ${(100 * width) / height}cqh)`,
  aspectRatio: `${width} / ${height}`,
});
