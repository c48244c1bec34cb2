import type { Attachment } from '@backchannel/client';
import { Download } from 'lucide-react';
import { type MouseEvent, useState } from 'react';
import { cx } from '../../ui/classes.ts';
import { Spinner } from '../../ui/Spinner.tsx';
import { toast } from '../../ui/Toasts.tsx';
import { FileName } from './FileName.tsx';
import { KindIcon } from './KindIcon.tsx';
import { fileInText, fileName, kindText, sizeText } from './texts.ts';
import { TROUBLE_TEXT, type Trouble, troubleOf } from './useTrouble.ts';

/** A file to download: name, type and size. */
export function FileRow({ file }: { readonly file: Attachment }) {
  const { trouble, asking, onClick } = useDownload(file);
  const gone = trouble === 'gone' || trouble === 'denied';
  const details = `${kindText(file)}, ${sizeText(file.size)}`;
  const content = (
    <>
      <span className="grid size-10 shrink-0 place-items-center rounded-md bg-hover text-ink-soft">
        <KindIcon contentType={file.content_type} className="size-5" />
      </span>
      <span className="flex min-w-0 flex-1 flex-col">
        <FileName file={file} />
        <span className={cx('text-xs', trouble ? 'text-danger' : 'text-ink-faint')}>
          {trouble ? TROUBLE_TEXT[trouble] : details.replace(', ', ' · ')}
        </span>
      </span>
      {asking ? (
        <Spinner className="mr-2 size-4" />
      ) : (
        !gone && <Download className="mr-2 size-4.5 shrink-0 text-ink-faint" aria-hidden="true" />
      )}
    </>
  );
  const className = 'flex w-104 max-w-full items-center gap-3 rounded-lg border border-line bg-raised p-2 text-left';
  if (gone) return <div className={cx(className, 'opacity-75')}>{content}</div>;
  return (
    <a
      href={file.url}
      download={fileName(file)}
      aria-label={`Download ${fileInText(file)}, ${details}`}
      onClick={onClick}
      className={cx(className, 'hover:border-line-strong hover:bg-hover')}
    >
      {content}
    </a>
  );
}

/** A small link beside a player. */
export function DownloadLink({ file }: { readonly file: Attachment }) {
  const { onClick } = useDownload(file);
  return (
    <a
      href={file.url}
      download={fileName(file)}
      aria-label={`Download ${fileInText(file)}`}
      onClick={onClick}
      className="grid size-8 shrink-0 place-items-center rounded-md text-ink-faint hover:bg-hover hover:text-ink pointer-coarse:size-10"
    >
      <Download className="size-4.5" aria-hidden="true" />
    </a>
  );
}

/** Asks whether the file is there before the browser leaves to fetch it: it would save an error as if it were the file. */
function useDownload({ url, name }: Attachment) {
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [asking, setAsking] = useState(false);
  const start = async () => {
    setAsking(true);
    const found = await troubleOf(url);
    setAsking(false);
    setTrouble(found);
    if (found) {
      toast(
        found === 'unreachable'
          ? `${fileInText({ name })} could not be downloaded. Try again when connected.`
          : TROUBLE_TEXT[found],
        'problem',
      );
      return;
    }
    const link = document.createElement('a');
    link.href = url;
    link.download = fileName({ name });
    link.click();
  };
  const onClick = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (!asking) void start();
  };
  return { trouble, asking, onClick };
}
