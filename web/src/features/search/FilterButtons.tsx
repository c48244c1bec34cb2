import type { FilterName } from '@backchannel/client/search/query';
import { cx } from '../../ui/classes.ts';
import type { Order } from './useMessageSearch.ts';

const BUTTONS: readonly (readonly [FilterName, string])[] = [
  ['from', 'From'],
  ['in', 'In'],
  ['after', 'After'],
  ['before', 'Before'],
  ['has', 'Has'],
  ['is', 'Is'],
];
const ORDERS: readonly (readonly [Order, string])[] = [
  ['newest', 'Newest'],
  ['best', 'Best'],
];
const LOOK =
  'h-7 shrink-0 rounded-md px-2 text-xs text-ink-soft hover:bg-hover hover:text-ink pointer-coarse:h-9 pointer-coarse:px-2.5';

interface FilterButtonsProps {
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
  readonly onFilter: (name: FilterName) => void;
}

/** Begin a filter, for those who do not know them; and the order of the hits. */
export function FilterButtons({ order, onOrder, onFilter }: FilterButtonsProps) {
  return (
    <div className="flex shrink-0 flex-wrap items-center justify-between gap-x-3 border-b border-line px-2.5 py-1">
      <div role="group" aria-label="Add a filter" className="flex flex-wrap">
        {BUTTONS.map(([name, label]) => (
          <button key={name} type="button" onClick={() => onFilter(name)} className={LOOK}>
            {label}
          </button>
        ))}
      </div>
      <div role="group" aria-label="Order" className="flex">
        {ORDERS.map(([each, label]) => (
          <button
            key={each}
            type="button"
            aria-pressed={order === each}
            onClick={() => onOrder(each)}
            className={cx(LOOK, order === each && 'bg-hover font-semibold text-ink')}
          >
            {label}
          </button>
        ))}
      </div>
    </div>
  );
}
