import { ConnectionStateIndicator, useChatSelector, useUnreadCount } from '@backchannel/react';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { forgetDrafts } from './drafts.ts';
import { OrderRoom } from './OrderRoom.tsx';
import { cancelOrder, getOrders, type Order, type Orders, placeOrder, shipOrder } from './orders.ts';

const NONE: Orders = { is_clerk: false, orders: [] };

export function App(): ReactNode {
  const [{ is_clerk, orders }, setOrders] = useState(NONE);
  const [open, setOpen] = useState<number | null>(null);
  const [error, setError] = useState('');
  const [item, setItem] = useState('');
  const roomCount = useChatSelector((snapshot) => snapshot.rooms.length);

  const load = useCallback(async () => {
    try {
      setOrders(await getOrders());
      setError('');
    } catch (caught) {
      setError(String(caught));
    }
  }, []);

  // Another room means another order.
  useEffect(() => void load(), [load, roomCount]);

  async function change(what: Promise<Order>): Promise<void> {
    try {
      setOpen((await what).number);
      setItem('');
    } catch (caught) {
      return setError(String(caught));
    }
    await load();
  }

  const current = orders.find((order) => order.number === open);
  return (
    <>
      <ConnectionStateIndicator signInUrl="/login/" />
      <Nav />
      <main className="shop">
        <aside>
          <form action={() => change(placeOrder(item))}>
            <input
              aria-label="Item"
              placeholder="What do you need?"
              required
              maxLength={100}
              value={item}
              onChange={(event) => setItem(event.target.value)}
            />
            <button type="submit">Order</button>
          </form>
          {error && <p role="alert">{error}</p>}
          <ul aria-label="Orders">
            {orders.map((order) => (
              <OrderRow
                key={order.number}
                order={order}
                isOpen={order.number === open}
                onOpen={() => setOpen(order.number)}
              />
            ))}
          </ul>
        </aside>
        {current?.room_id && (
          <OrderRoom key={current.room_id} roomId={current.room_id} title={`${current.item} (${current.status})`}>
            {current.status === 'Placed' && (
              <button type="button" onClick={() => void change(cancelOrder(current.number))}>
                Cancel
              </button>
            )}
            {is_clerk && current.status === 'Placed' && (
              <button type="button" onClick={() => void change(shipOrder(current.number))}>
                Ship
              </button>
            )}
          </OrderRoom>
        )}
      </main>
    </>
  );
}

// --8<-- [start:badge]
function Nav(): ReactNode {
  const unread = useUnreadCount();
  return (
    <nav>
      <strong>Shop</strong>
      {unread > 0 && (
        <span className="badge" role="status" aria-label={`${unread} unread`}>
          {unread}
        </span>
      )}
      <button type="submit" form="sign-out" onClick={forgetDrafts}>
        Sign out
      </button>
    </nav>
  );
}
// --8<-- [end:badge]

interface OrderRowProps {
  readonly order: Order;
  readonly isOpen: boolean;
  readonly onOpen: () => void;
}

function OrderRow({ order, isOpen, onOpen }: OrderRowProps): ReactNode {
  const unread = useUnreadCount(order.room_id ?? 0);
  return (
    <li>
      <button type="button" aria-pressed={isOpen} onClick={onOpen}>
        {order.item} {unread > 0 && <span className="badge">{unread}</span>}
      </button>
    </li>
  );
}
