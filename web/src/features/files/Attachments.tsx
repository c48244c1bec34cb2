import type { Attachment } from '@backchannel/client';
import { AudioPlayer, VideoPlayer } from './MediaPlayer.tsx';
import { FileRow } from './FileRow.tsx';
import { isPicture } from './pictures.ts';
import { PictureTile } from './PictureTile.tsx';
import { boxOf, columnsOf } from './layout.ts';
import { kindOf } from './texts.ts';

/** The files of a message: pictures together, then the others, each below the one before. */
export function Attachments({ files }: { readonly files: readonly Attachment[] }) {
  const pictures = files.filter(isPicture);
  const others = files.filter((file) => !isPicture(file));
  const [single] = pictures;
  return (
    <div className="mt-1 mb-1 flex flex-col items-start gap-1.5">
      {single && pictures.length === 1 && <PictureTile file={single} box={boxOf(single)} />}
      {pictures.length > 1 && (
        <PictureGrid count={pictures.length}>
          {pictures.map((file) => (
            <PictureTile key={file.id} file={file} />
          ))}
        </PictureGrid>
      )}
      {others.map((file) => {
        const Row = { picture: FileRow, file: FileRow, audio: AudioPlayer, video: VideoPlayer }[kindOf(file)];
        return <Row key={file.id} file={file} />;
      })}
    </div>
  );
}

interface PictureGridProps {
  readonly count: number;
  readonly children: React.ReactNode;
}

/** Square tiles in two or three columns. */
export function PictureGrid({ count, children }: PictureGridProps) {
  const columns = columnsOf(count);
  return (
    <div
      className="grid w-full gap-1"
      style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`, maxWidth: `${columns * 11}rem` }}
    >
      {children}
    </div>
  );
}
