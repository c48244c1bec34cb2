/**
 * Who is signed in: the two tokens of SimpleJWT in localStorage, shared by all tabs. The access token opens the site's own API and the
 * chat; the refresh token gets the next one.
 */
const ACCESS = 'access_token';
const REFRESH = 'refresh_token';

/** Where the Django site is. */
export const API = document.querySelector<HTMLMetaElement>('meta[name="api"]')?.content ?? '';

const listeners = new Set<() => void>();

/** For `useSyncExternalStore`. Another tab signs in and out as well. */
export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener('storage', listener);
  return () => {
    listeners.delete(listener);
    removeEventListener('storage', listener);
  };
}

export const isSignedIn = (): boolean => localStorage.getItem(REFRESH) !== null;

/** @throws Error with a sentence for people. */
export async function signIn(username: string, password: string): Promise<void> {
  const response = await post('/api/token/', { username, password });
  if (response.status === 401) throw new Error('This name and password do not match.');
  if (!response.ok) throw new Error(`The site answered ${response.status}.`);
  keep((await response.json()) as Tokens);
}

/** The site revokes both tokens, which ends the chat of this browser; without a network they only go from here. */
export async function signOut(): Promise<void> {
  const refresh = localStorage.getItem(REFRESH);
  await request('/api/sign-out/', { refresh }).catch(() => undefined);
  keep(null);
}

// --8<-- [start:token]
/**
 * The access token; a new one where the one that is kept is `refused`. Empty: nobody is signed in. Tabs take turns, because each refresh
 * token is good for one use.
 */
export function accessToken(refused?: string): Promise<string> {
  return navigator.locks.request('tokens', async () => {
    const kept = localStorage.getItem(ACCESS) ?? '';
    if (kept !== refused || !kept) return kept;
    const response = await post('/api/token/refresh/', { refresh: localStorage.getItem(REFRESH) });
    if (response.status === 401) return keep(null);
    if (!response.ok) throw new Error(`The site answered ${response.status}.`);
    return keep((await response.json()) as Tokens);
  });
}

/** For the chat: it asks at first, and again when the token it got is refused. */
export function chatToken(): () => Promise<string> {
  let given: string | undefined;
  return async () => {
    given = await accessToken(given);
    return given;
  };
}
// --8<-- [end:token]

/** The site's own API, as the person who is signed in. With a body: POST. @throws Error with a sentence for people. */
export async function call<T>(path: string, body?: object): Promise<T> {
  const response = await request(path, body);
  if (!response.ok) throw new Error(`The site answered ${response.status}.`);
  return (await response.json()) as T;
}

interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

function keep(tokens: Tokens | null): string {
  for (const [name, token] of [
    [ACCESS, tokens?.access],
    [REFRESH, tokens?.refresh],
  ] as const) {
    if (token) localStorage.setItem(name, token);
    else localStorage.removeItem(name);
  }
  for (const listener of listeners) listener();
  return tokens?.access ?? '';
}

async function request(path: string, body?: object): Promise<Response> {
  const token = await accessToken();
  const response = await send(path, body, token);
  return response.status === 401 ? send(path, body, await accessToken(token)) : response;
}

const post = (path: string, body: object): Promise<Response> => send(path, body);

function send(path: string, body?: object, token = ''): Promise<Response> {
  return fetch(API + path, {
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
    },
  });
}
