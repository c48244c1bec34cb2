import { CircleAlert, CircleCheck, X } from 'lucide-react';
import { useEffect } from 'react';
import { announce } from './announce.tsx';
import { Button, IconButton } from './Button.tsx';
import { createStore, useStore } from './store.ts';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly kind: 'done' | 'problem';
  /** A button in the toast, such as Undo. */
  readonly action: ToastAction | undefined;
}

interface ToastAction {
  readonly label: string;
  readonly run: () => void;
}

/** How long a toast stays. */
const DURATION_MS = { done: 3_500, problem: 8_000 } as const;
/** Long enough to notice a mistake and reach the button by keyboard. */
const DURATION_WITH_ACTION_MS = 10_000;
const toasts = createStore<readonly Toast[]>([]);
let lastId = 0;

/** Shows for a moment how something ended. What the user must act on belongs where it happened, not in a toast. */
export function toast(text: string, kind: Toast['kind'] = 'done', action?: ToastAction): void {
  lastId += 1;
  const added = { id: lastId, text, kind, action };
  toasts.set((shown) => [...shown.filter((each) => each.text !== text), added].slice(-3));
  announce(text);
}

function dismiss(id: number): void {
  toasts.set((shown) => shown.filter((each) => each.id !== id));
}

export function Toasts() {
  const shown = useStore(toasts, (value) => value);
  return (
    <div className="pointer-events-none fixed inset-x-0 bottom-20 z-50 flex flex-col items-center gap-2 px-4">
      {shown.map((each) => (
        <ToastView key={each.id} toast={each} />
      ))}
    </div>
  );
}

function ToastView({ toast: { id, text, kind, action } }: { readonly toast: Toast }) {
  useEffect(() => {
    const timer = setTimeout(() => dismiss(id), action ? DURATION_WITH_ACTION_MS : DURATION_MS[kind]);
    return () => clearTimeout(timer);
  }, [id, kind, action]);
  return (
    <div className="pointer-events-auto flex max-w-md animate-rise items-center gap-2.5 rounded-lg bg-raised py-1.5 pr-1.5 pl-3.5 text-sm shadow-pop">
      {kind === 'done' ? (
        <CircleCheck className="size-4 shrink-0 text-ok" aria-hidden="true" />
      ) : (
        <CircleAlert className="size-4 shrink-0 text-danger" aria-hidden="true" />
      )}
      <span className="py-1">{text}</span>
      {action && (
        <Button
          size="sm"
          look="ghost"
          onClick={() => {
            dismiss(id);
            action.run();
          }}
        >
          {action.label}
        </Button>
      )}
      <IconButton label="Dismiss" tip="none" onClick={() => dismiss(id)}>
        <X />
      </IconButton>
    </div>
  );
}
