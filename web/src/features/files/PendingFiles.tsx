import type { PendingMessage } from '@backchannel/client';
import type { UploadRecord } from '@backchannel/client/features/uploads';
import { CircleAlert, RotateCw, X } from 'lucide-react';
import { useChatState } from '../../app/chat.ts';
import { useRoomFiles, useUploads } from '../../app/useFiles.ts';
import { cx } from '../../ui/classes.ts';
import { ActionButton } from '../outbox/ActionButton.tsx';
import { PictureGrid } from './Attachments.tsx';
import type { KnownFile, Uploads } from './uploads.ts';
import { FileName } from './FileName.tsx';
import { KindIcon } from './KindIcon.tsx';
import { boxOf } from './layout.ts';
import { BitmapCanvas, usePreview } from './PreviewCanvas.tsx';
import { ProgressBar } from './ProgressBar.tsx';
import { fileInText, sizeText } from './texts.ts';
import { isUnderWay, statusText } from './uploadStatus.ts';

/** The files of a message that is not sent: each with how far it is, or why it failed. */
export function PendingFiles({ pending }: { readonly pending: PendingMessage }) {
  const uploads = useUploads();
  const records = useRoomFiles(pending.roomId);
  if (!uploads) return <Counted count={pending.attachments.length} />;
  const files = pending.attachments.map((id) => records.find((record) => record.id === id) ?? uploads.known(id));
  const known = files.filter((file) => file !== undefined);
  // After a visit that ended between upload and sending, only their number is known.
  if (known.length < files.length) return <Counted count={files.length} />;
  const pictures = known.filter(({ contentType }) => contentType.startsWith('image/'));
  const others = known.filter((file) => !pictures.includes(file));
  const [single] = pictures;
  return (
    <div className="mt-1 mb-1 flex flex-col items-start gap-1.5">
      {single && pictures.length === 1 && <PendingPicture uploads={uploads} file={single} alone />}
      {pictures.length > 1 && (
        <PictureGrid count={pictures.length}>
          {pictures.map((file) => (
            <PendingPicture key={file.id} uploads={uploads} file={file} />
          ))}
        </PictureGrid>
      )}
      {others.map((file) => (
        <PendingFile key={file.id} uploads={uploads} file={file} />
      ))}
      {pictures.length > 0 && <Troubled uploads={uploads} files={pictures} />}
    </div>
  );
}

function Counted({ count }: { readonly count: number }) {
  return <p className="mt-1 text-xs text-ink-faint">With {count === 1 ? 'a file' : `${count} files`}</p>;
}

interface PendingFileProps {
  readonly uploads: Uploads;
  readonly file: KnownFile | UploadRecord;
}

const isRecord = (file: KnownFile | UploadRecord): file is UploadRecord => 'state' in file;

/** In the size it has when it is sent. */
function PendingPicture({ uploads, file, alone = false }: PendingFileProps & { readonly alone?: boolean }) {
  const preview = usePreview(uploads, file);
  const offline = useChatState((state) => state.connection.status === 'error');
  if (alone && !preview) return <PendingFile uploads={uploads} file={file} />;
  const box = alone && preview ? boxOf(preview) : null;
  return (
    <div
      className={cx('relative max-w-full overflow-hidden rounded-lg bg-shade', !box && 'aspect-square w-full')}
      style={box ? { width: box.width, aspectRatio: `${box.width} / ${box.height}` } : undefined}
    >
      {preview ? (
        <BitmapCanvas bitmap={preview.bitmap} className={cx('size-full', box ? 'object-contain' : 'object-cover')} />
      ) : (
        <KindIcon contentType={file.contentType} className="absolute inset-0 m-auto size-6 text-ink-faint" />
      )}
      {isRecord(file) && file.state !== 'ready' && (
        <div className="absolute inset-x-0 bottom-0 flex flex-col gap-1 bg-raised/85 px-2 py-1.5">
          <span
            className={cx(
              'tabular truncate text-2xs',
              file.state === 'failed' ? 'font-semibold text-danger' : 'text-ink',
            )}
          >
            {file.state === 'failed' ? 'Failed' : statusText(file, offline)}
          </span>
          {isUnderWay(file) && <ProgressBar file={file} />}
        </div>
      )}
    </div>
  );
}

function PendingFile({ uploads, file }: PendingFileProps) {
  const offline = useChatState((state) => state.connection.status === 'error');
  const record = isRecord(file) ? file : null;
  const failed = record?.state === 'failed';
  return (
    <div
      className={cx(
        'flex w-104 max-w-full flex-col gap-1.5 rounded-lg border p-2',
        failed ? 'border-danger bg-danger-soft' : 'border-line bg-raised',
      )}
    >
      <div className="flex items-center gap-3">
        <span className="grid size-10 shrink-0 place-items-center rounded-md bg-hover text-ink-soft">
          <KindIcon contentType={file.contentType} className="size-5" />
        </span>
        <div className="min-w-0 flex-1">
          <FileName file={file} />
          <p className={cx('tabular text-xs', failed ? 'text-danger' : 'text-ink-faint')}>
            {!failed && sizeText(file.size)}
            {record && !failed && ' · '}
            {record && statusText(record, offline)}
          </p>
          {record && failed && <Actions uploads={uploads} file={record} />}
        </div>
      </div>
      {record && isUnderWay(record) && <ProgressBar file={record} />}
    </div>
  );
}

/** Below the pictures: which ones failed, and why. */
function Troubled({
  uploads,
  files,
}: {
  readonly uploads: Uploads;
  readonly files: readonly (KnownFile | UploadRecord)[];
}) {
  const offline = useChatState((state) => state.connection.status === 'error');
  const failed = files.filter(isRecord).filter(({ state }) => state === 'failed');
  return failed.map((file) => (
    <div key={file.id} className="flex w-full max-w-104 flex-wrap items-center gap-x-2 text-xs">
      <CircleAlert className="size-3.5 shrink-0 text-danger" aria-hidden="true" />
      <span className="flex min-w-0 max-w-full">
        <FileName file={file} />
      </span>
      <span className="text-danger">{statusText(file, offline)}</span>
      <Actions uploads={uploads} file={file} />
    </div>
  ));
}

function Actions({ uploads, file }: { readonly uploads: Uploads; readonly file: UploadRecord }) {
  const name = fileInText(file);
  return (
    <span className="-ml-1.5 flex gap-0.5 text-xs">
      <ActionButton label={`Retry ${name}`} icon={<RotateCw />} onClick={() => uploads.retryFile(file.id)}>
        Retry
      </ActionButton>
      <ActionButton label={`Remove ${name}`} icon={<X />} onClick={() => uploads.removeFile(file.id)}>
        Remove
      </ActionButton>
    </span>
  );
}
