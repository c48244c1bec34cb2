/**
 * The shop's own API.
 */
export interface Order {
  readonly number: number;
  readonly item: string;
  readonly status: string;
  readonly room_id: number | null;
}

export interface Orders {
  readonly is_clerk: boolean;
  readonly orders: readonly Order[];
}

export const getOrders = (): Promise<Orders> => call<Orders>('/api/orders/');
export const placeOrder = (item: string): Promise<Order> => call<Order>('/api/orders/', { item });
export const shipOrder = (number: number): Promise<Order> => call<Order>(`/api/orders/${number}/ship/`, {});
export const cancelOrder = (number: number): Promise<Order> => call<Order>(`/api/orders/${number}/cancel/`, {});

/** With a body: POST. @throws Error with what the shop answered. */
async function call<T>(path: string, body?: object): Promise<T> {
  const request = body && {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'x-csrftoken': csrfToken() },
  };
  const response = await fetch(path, { ...request, redirect: 'error' });
  if (!response.ok) throw new Error(`The shop answered ${response.status}.`);
  return (await response.json()) as T;
}

function csrfToken(): string {
  return /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? '';
}
