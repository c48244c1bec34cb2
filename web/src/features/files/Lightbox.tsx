import type { RoomId } from '@backchannel/client';
import { ChevronLeft, ChevronRight, Download, X, ZoomIn, ZoomOut } from 'lucide-react';
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { useTimelineView } from '../../app/chat.ts';
import { useBackLayer } from '../../ui/backLayers.ts';
import { IconButton } from '../../ui/Button.tsx';
import { rememberFocus } from '../../ui/focus.ts';
import { Name } from '../../ui/Name.tsx';
import { isolated, nameInText } from '../../ui/names.ts';
import { fullTime, isoTime } from '../../ui/time.ts';
import { LightboxPicture } from './LightboxPicture.tsx';
import { openPicture } from './openPicture.ts';
import { type Picture, picturesOf } from './pictures.ts';
import { fileInText, fileName, sizeText } from './texts.ts';
import { useSwipe } from './useSwipe.ts';

interface LightboxProps {
  readonly roomId: RoomId;
  /** The id of the file that is shown. */
  readonly current: string;
}

const close = () => openPicture.set(null);

/**
 * The pictures of a room over the whole window, one at a time: those of the messages that are loaded. ← and → or a swipe lead to the
 * neighbours, Escape, Back or a swipe down closes it. A picture that is deleted meanwhile is gone here, too.
 */
export function Lightbox({ roomId, current }: LightboxProps) {
  const { messages } = useTimelineView(roomId);
  const pictures = useMemo(() => picturesOf(messages), [messages]);
  const index = pictures.findIndex(({ file }) => file.id === current);
  const picture = pictures[index];
  // Where the picture was, if it is deleted while it is shown.
  const lastIndex = useRef(0);
  if (picture) lastIndex.current = index;
  const [zoomed, setZoomed] = useState(false);

  const dialog = useDialog();
  useBackLayer(close);
  const goTo = (to: Picture | undefined) => {
    if (!to) return;
    setZoomed(false);
    openPicture.set(to.file.id);
  };
  const previous = pictures[(picture ? index : lastIndex.current) - 1];
  const next = pictures[picture ? index + 1 : lastIndex.current];
  const swipe = useSwipe({
    enabled: !zoomed,
    onLeft: () => goTo(next),
    onRight: () => goTo(previous),
    onDown: close,
  });
  const onKeyDown = (event: KeyboardEvent) => {
    const to = { ArrowLeft: previous, ArrowRight: next, Home: pictures[0], End: pictures.at(-1) }[event.key];
    // In a zoomed picture the arrow keys scroll.
    if (!to || zoomed || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    goTo(to);
  };

  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the arrow keys of the whole dialog
    <dialog
      ref={dialog}
      aria-label={picture ? labelOf(picture, index, pictures.length) : 'Picture'}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onKeyDown={onKeyDown}
      className="bc-lightbox"
    >
      <div className="flex size-full flex-col">
        <header className="flex shrink-0 items-center gap-1 px-4 pt-[max(0.5rem,env(safe-area-inset-top))] pb-2">
          <div className="min-w-0 flex-1">{picture && <Caption picture={picture} />}</div>
          {pictures.length > 1 && picture && (
            <span className="tabular px-2 text-sm text-ink-soft">
              {index + 1} / {pictures.length}
            </span>
          )}
          {picture && (
            <>
              <IconButton
                label={zoomed ? 'Fit to the window' : 'Original size'}
                tip="none"
                aria-pressed={zoomed}
                onClick={() => setZoomed(!zoomed)}
              >
                {zoomed ? <ZoomOut /> : <ZoomIn />}
              </IconButton>
              <a
                href={picture.file.url}
                download={fileName(picture.file)}
                aria-label={`Download ${fileInText(picture.file)}, ${sizeText(picture.file.size)}`}
                className="grid size-8 place-items-center rounded-md text-ink-soft hover:bg-hover hover:text-ink pointer-coarse:size-10"
              >
                <Download className="size-4.5" aria-hidden="true" />
              </a>
            </>
          )}
          <IconButton label="Close" tip="none" onClick={close} data-initial-focus>
            <X />
          </IconButton>
        </header>
        <div className="relative min-h-0 flex-1 md:px-16" {...swipe.handlers}>
          {picture ? (
            <LightboxPicture
              key={picture.file.id}
              file={picture.file}
              zoomed={zoomed}
              onZoom={() => setZoomed(!zoomed)}
              offset={swipe.offset}
            />
          ) : (
            <p className="grid size-full place-items-center text-ink-soft">This picture was deleted.</p>
          )}
          {previous && <Step label="Previous picture" side="left" onClick={() => goTo(previous)} />}
          {next && <Step label="Next picture" side="right" onClick={() => goTo(next)} />}
        </div>
        <footer className="max-h-24 shrink-0 overflow-y-auto px-4 pt-2 pb-[max(0.75rem,env(safe-area-inset-bottom))] text-center text-sm text-ink-soft">
          {picture?.file.alt ? <bdi>{picture.file.alt}</bdi> : picture && <bdi>{fileName(picture.file)}</bdi>}
        </footer>
        <p role="status" className="sr-only">
          {picture && labelOf(picture, index, pictures.length)}
        </p>
      </div>
      <Neighbours pictures={[previous, next]} />
    </dialog>
  );
}

/** Opens it with the focus on Close, and gives the focus back to the picture in the timeline. */
function useDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (!element) return undefined;
    const restoreFocus = rememberFocus();
    if (!element.open) element.showModal();
    element.querySelector<HTMLElement>('[data-initial-focus]')?.focus();
    return () => {
      element.close();
      restoreFocus();
    };
  }, []);
  return dialog;
}

function labelOf({ file, message }: Picture, index: number, count: number): string {
  const what = file.alt ? isolated(file.alt) : fileInText(file);
  return `Picture${count > 1 ? ` ${index + 1} of ${count}` : ''} from ${nameInText(message.sender)}: ${what}`;
}

function Caption({ picture: { message } }: { readonly picture: Picture }) {
  const at = Date.parse(message.created_at);
  return (
    <p className="flex flex-col leading-4.5">
      <span className="truncate text-sm font-semibold">
        <Name of={message.sender} />
      </span>
      <time dateTime={isoTime(at)} className="truncate text-xs text-ink-faint">
        {fullTime(at)}
      </time>
    </p>
  );
}

interface StepProps {
  readonly label: string;
  readonly side: 'left' | 'right';
  readonly onClick: () => void;
}

function Step({ label, side, onClick }: StepProps) {
  const Icon = side === 'left' ? ChevronLeft : ChevronRight;
  return (
    <button
      type="button"
      aria-label={label}
      onClick={onClick}
      className={`absolute top-1/2 ${side === 'left' ? 'left-2' : 'right-2'} grid size-11 -translate-y-1/2 place-items-center rounded-full bg-raised/90 text-ink-soft shadow-float hover:text-ink`}
    >
      <Icon className="size-6" aria-hidden="true" />
    </button>
  );
}

/** Loads the neighbours, so that they appear at once. */
function Neighbours({ pictures }: { readonly pictures: readonly (Picture | undefined)[] }) {
  return (
    <div hidden>
      {pictures.map(
        (picture) => picture && <img key={picture.file.id} src={picture.file.view_url ?? picture.file.url} alt="" />,
      )}
    </div>
  );
}
