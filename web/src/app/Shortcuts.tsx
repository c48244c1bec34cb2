import { Dialog } from '../ui/Dialog.tsx';
import { ALT, MOD } from '../ui/keys.ts';

const KEYS: readonly { readonly title: string; readonly keys: readonly (readonly [string, readonly string[]])[] }[] = [
  {
    title: 'Getting around',
    keys: [
      ['Jump to a room or person, or search messages', [MOD, 'K']],
      ['Search this room', [MOD, 'F']],
      ['Previous, next room', [ALT, '↑', '↓']],
      ['Previous, next unread room', [ALT, 'Shift', '↑', '↓']],
      ['Members of the room', [MOD, '.']],
      ['Unsent messages', [MOD, 'Shift', 'L']],
      ['This help', [MOD, '/']],
    ],
  },
  {
    title: 'Writing',
    keys: [
      ['Send', ['Enter']],
      ['New line', ['Shift', 'Enter']],
      ['Send later', [MOD, 'Shift', 'Enter']],
      ['Edit your last message', ['↑']],
      ['Stop replying or editing; close the thread', ['Esc']],
      ['Bold, italic, code', [MOD, 'B', 'I', 'E']],
      ['Mention someone', ['@']],
    ],
  },
  {
    title: 'Reading',
    keys: [
      ['Move between messages', ['↑', '↓']],
      ['Open the menu of a message', ['Enter']],
      ['Back to the latest message and the composer', ['Esc']],
    ],
  },
];

export function Shortcuts({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <div className="flex flex-col gap-5 px-5 pt-1 pb-5">
        {KEYS.map(({ title, keys }) => (
          <section key={title}>
            <h3 className="mb-1 text-xs font-semibold text-ink-faint">{title}</h3>
            <dl className="divide-y divide-line">
              {keys.map(([label, each]) => (
                <div key={label} className="flex items-center justify-between gap-4 py-1.5">
                  <dt>{label}</dt>
                  <dd className="flex gap-1">
                    {each.map((key) => (
                      <kbd
                        key={key}
                        className="min-w-6 rounded-sm border border-line-strong bg-shade px-1.5 text-center font-sans text-xs leading-5.5 font-medium text-ink-soft"
                      >
                        {key}
                      </kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
