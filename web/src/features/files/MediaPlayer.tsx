import type { Attachment } from '@backchannel/client';
import { DownloadLink, FileRow } from './FileRow.tsx';
import { FileName } from './FileName.tsx';
import { KindIcon } from './KindIcon.tsx';
import { fileInText, sizeText } from './texts.ts';
import { TroubleNote } from './TroubleNote.tsx';
import { type Trouble, useTrouble } from './useTrouble.ts';

interface PlayerProps {
  readonly file: Attachment;
}

/** A recording that plays in its place. Nothing is loaded before it is played. */
export function AudioPlayer({ file }: PlayerProps) {
  const { trouble, attempt, retry, onError } = useTrouble(file.url);
  if (isFinal(trouble)) return <FileRow file={file} />;
  return (
    <figure className="flex w-104 max-w-full flex-col gap-1 rounded-lg border border-line bg-raised p-2">
      <Caption file={file} />
      {trouble ? (
        <TroubleNote trouble={trouble} onRetry={retry} className="h-10 flex-row!" />
      ) : (
        // oxlint-disable-next-line jsx-a11y/media-has-caption -- what people send has none
        <audio
          key={attempt}
          controls
          preload="none"
          src={file.url}
          aria-label={fileInText(file)}
          onError={onError}
          className="h-10 w-full"
        />
      )}
    </figure>
  );
}

/** A video in a box of one shape, since its own is known only when it is loaded. */
export function VideoPlayer({ file }: PlayerProps) {
  const { trouble, attempt, retry, onError } = useTrouble(file.url);
  if (isFinal(trouble)) return <FileRow file={file} />;
  return (
    <figure className="w-104 max-w-full overflow-hidden rounded-lg border border-line bg-raised">
      {trouble ? (
        <TroubleNote trouble={trouble} onRetry={retry} className="aspect-video w-full" />
      ) : (
        // oxlint-disable-next-line jsx-a11y/media-has-caption -- what people send has none
        <video
          key={attempt}
          controls
          playsInline
          preload="metadata"
          src={file.url}
          aria-label={fileInText(file)}
          onError={onError}
          className="aspect-video w-full bg-black object-contain"
        />
      )}
      <div className="p-1 pl-2">
        <Caption file={file} />
      </div>
    </figure>
  );
}

/** What cannot pass is shown as a file, which says why when it is pressed. */
const isFinal = (trouble: Trouble | null): boolean => trouble === 'gone' || trouble === 'denied';

function Caption({ file }: PlayerProps) {
  return (
    <figcaption className="flex items-center gap-2">
      <KindIcon contentType={file.content_type} className="size-4 shrink-0 text-ink-faint" />
      <span className="min-w-0 flex-1">
        <FileName file={file} />
      </span>
      <span className="shrink-0 text-xs text-ink-faint">{sizeText(file.size)}</span>
      <DownloadLink file={file} />
    </figcaption>
  );
}
