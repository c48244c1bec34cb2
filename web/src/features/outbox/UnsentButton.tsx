import { CircleAlert, Clock } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useChatState } from '../../app/chat.ts';
import { openPanel } from '../../app/panels.ts';
import { useUnsent } from './useUnsent.ts';

/** Messages sent within this time do not show the button. */
const GRACE_MS = 2_500;

/** Opens the list of unsent messages; shown while there are any. */
export function UnsentButton() {
  const unsent = useUnsent();
  const failed = unsent.some(({ item }) => item.state === 'failed');
  const offline = useChatState((state) => state.connection.status === 'error');
  const isDelayed = useLasting(unsent.length > 0);
  if (unsent.length === 0 || !(failed || offline || isDelayed)) return null;
  const Icon = failed ? CircleAlert : Clock;
  return (
    <button
      type="button"
      data-unsent
      onClick={() => openPanel.set('unsent')}
      className="mb-1 flex h-9 w-full items-center gap-2.5 rounded-lg px-2 text-left text-sm font-medium hover:bg-hover pointer-coarse:h-11"
    >
      <Icon className={failed ? 'mx-1.5 size-4.5 text-danger' : 'mx-1.5 size-4.5 text-ink-faint'} aria-hidden="true" />
      Not sent ({unsent.length})
    </button>
  );
}

/** True once `on` has been true for `GRACE_MS`. */
function useLasting(on: boolean): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!on) return undefined;
    const timer = setTimeout(() => setLasting(true), GRACE_MS);
    return () => {
      clearTimeout(timer);
      setLasting(false);
    };
  }, [on]);
  return on && lasting;
}
