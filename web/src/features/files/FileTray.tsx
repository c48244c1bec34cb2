import type { UploadRecord } from '@backchannel/client/features/uploads';
import { CircleAlert, RotateCw, X } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useChatState } from '../../app/chat.ts';
import { type FilePlace, isOfPlace } from '../../app/filePlace.ts';
import { usePlaceFiles } from '../../app/useFiles.ts';
import { IconButton } from '../../ui/Button.tsx';
import { cx } from '../../ui/classes.ts';
import { Spinner } from '../../ui/Spinner.tsx';
import { useStore } from '../../ui/store.ts';
import { AltField } from './AltField.tsx';
import type { Note, Uploads } from './uploads.ts';
import { FileName } from './FileName.tsx';
import { KindIcon } from './KindIcon.tsx';
import { BitmapCanvas, usePreview } from './PreviewCanvas.tsx';
import { ProgressBar } from './ProgressBar.tsx';
import { fileInText, sizeText } from './texts.ts';
import { isUnderWay, statusText } from './uploadStatus.ts';

interface FileTrayProps {
  readonly uploads: Uploads;
  readonly place: FilePlace;
  readonly focusField: () => void;
}

/** The files that go with the next message of the room or thread: above the message field, in the order they were added. */
export function FileTray({ uploads, place, focusField }: FileTrayProps) {
  const files = usePlaceFiles(place);
  const allNotes = useStore(uploads.notes, (value) => value);
  const offline = useChatState((state) => state.connection.status === 'error');
  const notes = useMemo(() => allNotes.filter((note) => isOfPlace(note, place)), [allNotes, place]);
  if (files.length === 0 && notes.length === 0) return null;
  return (
    <section
      aria-label="Files to send"
      className="scroll-thin max-h-[min(38dvh,17rem)] overflow-y-auto border-b border-line p-2 short:max-h-24"
    >
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(min(16rem,100%),1fr))] gap-1.5">
        {files.map((file) => (
          <TrayFile key={file.id} uploads={uploads} file={file} offline={offline} focusField={focusField} />
        ))}
        {notes.map((note) => (
          <TrayNote key={note.key} note={note} onDismiss={() => uploads.dismissNote(note.key)} />
        ))}
      </ul>
    </section>
  );
}

interface TrayFileProps {
  readonly uploads: Uploads;
  readonly file: UploadRecord;
  readonly offline: boolean;
  readonly focusField: () => void;
}

function TrayFile({ uploads, file, offline, focusField }: TrayFileProps) {
  const [describing, setDescribing] = useState(false);
  const preview = usePreview(uploads, file);
  const failed = file.state === 'failed';
  const name = fileInText(file);
  const isPicture = file.contentType.startsWith('image/');
  return (
    <li
      data-file={file.id}
      className={cx(
        'flex flex-col gap-1.5 rounded-lg border p-1.5',
        failed ? 'border-danger bg-danger-soft' : 'border-line bg-paper',
      )}
    >
      <div className="flex items-center gap-2.5">
        <div className="grid size-11 shrink-0 place-items-center overflow-hidden rounded-md bg-hover text-ink-soft">
          {preview ? (
            <BitmapCanvas bitmap={preview.bitmap} className="size-full object-cover" />
          ) : (
            <KindIcon contentType={file.contentType} className="size-5" />
          )}
        </div>
        <div className="min-w-0 flex-1 text-xs leading-4.5">
          <FileName file={file} />
          <p className={cx('tabular', failed ? 'text-danger' : 'text-ink-faint')}>
            {!failed && `${sizeText(file.size)} · `}
            {statusText(file, offline)}
          </p>
          {isPicture && !failed && !describing && (
            <button
              type="button"
              aria-label={file.alt ? `Change the description of ${name}` : `Describe ${name}`}
              onClick={() => setDescribing(true)}
              className="block max-w-full truncate text-left font-medium text-accent hover:underline pointer-coarse:py-1.5"
            >
              {file.alt ? <bdi>{file.alt}</bdi> : 'Describe'}
            </button>
          )}
        </div>
        <div className="flex shrink-0 self-start">
          {failed && (
            <IconButton label={`Retry ${name}`} tip="none" onClick={() => uploads.retryFile(file.id)}>
              <RotateCw />
            </IconButton>
          )}
          <IconButton
            label={`${isUnderWay(file) ? 'Cancel' : 'Remove'} ${name}`}
            tip="none"
            onClick={() => {
              uploads.removeFile(file.id);
              focusField();
            }}
          >
            <X />
          </IconButton>
        </div>
      </div>
      {isUnderWay(file) && <ProgressBar file={file} />}
      {describing && (
        <AltField
          file={file}
          onDone={(alt) => {
            setDescribing(false);
            if (alt !== null) uploads.describeFile(file.id, alt);
            focusField();
          }}
        />
      )}
    </li>
  );
}

function TrayNote({ note, onDismiss }: { readonly note: Note; readonly onDismiss: () => void }) {
  const refused = note.problem !== null;
  return (
    <li
      className={cx(
        'flex items-center gap-2.5 rounded-lg border p-1.5',
        refused ? 'border-danger bg-danger-soft' : 'border-line bg-paper',
      )}
    >
      <div className="grid size-11 shrink-0 place-items-center text-ink-faint">
        {refused ? <CircleAlert className="size-5 text-danger" aria-hidden="true" /> : <Spinner className="size-5" />}
      </div>
      <div className="min-w-0 flex-1 text-xs leading-4.5">
        <FileName file={note} />
        <p className={refused ? 'text-danger' : 'text-ink-faint'}>
          {refused ? note.problem : `${sizeText(note.size)} · Being read`}
        </p>
      </div>
      {refused && (
        <IconButton label={`Dismiss ${fileInText(note)}`} tip="none" className="self-start" onClick={onDismiss}>
          <X />
        </IconButton>
      )}
    </li>
  );
}
