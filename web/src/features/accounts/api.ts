import { toJson, type User } from '@backchannel/client';

/** The server's set-up state and the signed-in user: `GET /account/state`. */
export interface AccountState {
  readonly setup_required: boolean;
  readonly signup: 'open' | 'invitation' | 'closed';
  readonly workspace: string;
  /** The signed-in user, or null. `staff` may create invitations. */
  readonly user: (User & { readonly staff: boolean }) | null;
}

/** The state embedded in the page, which saves the first request; null if absent, as on the development server. */
export function stateOfPage(): (AccountState & { readonly version?: string }) | null {
  const text = document.getElementById('backchannel-settings')?.textContent;
  return text ? (JSON.parse(text) as AccountState) : null;
}

/** A failed request, with the messages to show. */
export class AccountError extends Error {
  override readonly name = 'AccountError';
  /** Messages by the name of the form field. */
  readonly fields: Readonly<Record<string, string>>;
  /** The message that belongs to no field. */
  readonly general: string | null;
  /** The sign-in needs a second step: a code of an authenticator app. */
  readonly needsCode: boolean;
  /** The HTTP status; null if there was no answer. */
  readonly status: number | null;

  constructor(fields: Record<string, string>, general: string | null, status: number | null = null, needsCode = false) {
    super(general ?? Object.values(fields)[0] ?? 'Refused');
    this.fields = fields;
    this.general = general;
    this.status = status;
    this.needsCode = needsCode;
  }
}

export interface Invitation {
  readonly url: string;
  readonly expires_at: string;
}

/** A signed-in browser. Times are ISO 8601. */
export interface SignedInDevice {
  readonly id: number;
  /** For example "Firefox on Linux". */
  readonly device: string;
  /** The User-Agent header. */
  readonly agent: string;
  /** The IP address. */
  readonly address: string;
  readonly created_at: string;
  readonly last_used_at: string;
  readonly this_device: boolean;
}

/** A token with which a program acts as this user. */
export interface AccessToken {
  readonly id: number;
  readonly name: string;
  readonly created_at: string;
  readonly last_used_at: string | null;
  /** When it ends by itself. */
  readonly expires_at: string | null;
}

/** Requests about accounts, so that the screens know no URLs. Every method throws `AccountError`. */
export interface AccountsApi {
  getState(): Promise<AccountState>;
  setUp(fields: {
    /** The secret from the address the server printed. */
    setup: string;
    workspace: string;
    username: string;
    display_name: string;
    password: string;
  }): Promise<void>;
  signIn(fields: { username: string; password: string }): Promise<void>;
  confirmCode(code: string): Promise<void>;
  signUp(fields: {
    username: string;
    display_name: string;
    password: string;
    email: string;
    invitation: string | null;
  }): Promise<void>;
  signOut(): Promise<void>;
  /** Also signs out other devices, and revokes the tokens with these ids. */
  changePassword(fields: {
    current_password: string;
    new_password: string;
    revoke_tokens: readonly number[];
  }): Promise<void>;
  /** Most recently used first. */
  devices(): Promise<readonly SignedInDevice[]>;
  signOutDevice(id: number): Promise<void>;
  signOutOthers(): Promise<void>;
  /** Newest first. */
  tokens(): Promise<readonly AccessToken[]>;
  revokeToken(id: number): Promise<void>;
  /** The link works for `maxUses` people. */
  invite(maxUses: number): Promise<Invitation>;
  /** False if the invitation is used up or expired. */
  isInvitationValid(secret: string): Promise<boolean>;
}

const ALLAUTH = '/_allauth/browser/v1';
const SESSION = `${ALLAUTH}/auth/session`;

export function createAccountsApi(request: typeof fetch = (...args) => fetch(...args)): AccountsApi {
  const send = (method: string, path: string, body?: object) => call(request, method, path, body);
  return {
    getState: () => call(request, 'GET', '/account/state') as Promise<AccountState>,
    async setUp(fields) {
      await send('POST', '/account/setup', fields);
    },
    async signIn(fields) {
      await send('POST', `${ALLAUTH}/auth/login`, fields);
    },
    async confirmCode(code) {
      await send('POST', `${ALLAUTH}/auth/2fa/authenticate`, { code });
    },
    async signUp({ email, invitation, ...fields }) {
      await send('POST', `${ALLAUTH}/auth/signup`, {
        ...fields,
        ...(email && { email }),
        ...(invitation && { invitation }),
      });
    },
    async signOut() {
      await send('DELETE', SESSION);
    },
    async changePassword(fields) {
      await send('POST', `${ALLAUTH}/account/password/change`, fields);
    },
    async devices() {
      return ((await send('GET', '/account/sessions')) as { sessions: SignedInDevice[] }).sessions;
    },
    async signOutDevice(id) {
      await send('DELETE', `/account/sessions/${id}`);
    },
    async signOutOthers() {
      await send('DELETE', '/account/sessions');
    },
    async tokens() {
      return ((await send('GET', '/account/tokens')) as { tokens: AccessToken[] }).tokens;
    },
    async revokeToken(id) {
      await send('DELETE', `/account/tokens/${id}`);
    },
    invite: (maxUses) => send('POST', '/account/invitations', { max_uses: maxUses }) as Promise<Invitation>,
    async isInvitationValid(secret) {
      try {
        await send('GET', `/account/invitations/${encodeURIComponent(secret)}`);
        return true;
      } catch (refusal) {
        if (refusal instanceof AccountError && refusal.status === 404) return false;
        throw refusal;
      }
    },
  };
}

async function call(request: typeof fetch, method: string, path: string, body?: object): Promise<unknown> {
  const sentToken = csrfToken();
  let response = await attempt(request, method, path, body);
  if (response.status === 403 && method !== 'GET') {
    // The CSRF cookie may have been replaced by a sign-in elsewhere, or cleared: fetching the state sets the current
    // one.
    await attempt(request, 'GET', '/account/state').catch(() => undefined);
    if (csrfToken() !== sentToken) response = await attempt(request, method, path, body);
  }
  const answer = (await response.json().catch(() => null)) as Answer | null;
  // allauth answers a successful sign-out with 401, because there is no session any more.
  if (response.ok || (path === SESSION && response.status === 401)) return answer;
  throw refusal(response, answer);
}

async function attempt(request: typeof fetch, method: string, path: string, body?: object): Promise<Response> {
  try {
    return await request(path, {
      method,
      credentials: 'same-origin',
      headers: {
        Accept: 'application/json',
        ...(body && { 'Content-Type': 'application/json' }),
        ...(method !== 'GET' && { 'X-CSRFToken': csrfToken() }),
      },
      ...(body && { body: toJson(body) }),
    });
  } catch {
    throw new AccountError({}, 'The server cannot be reached. Check your connection and try again.');
  }
}

interface Answer {
  /** allauth's list, or a problem document's messages by field. */
  readonly errors?:
    | readonly { readonly param?: string; readonly message: string }[]
    | Readonly<Record<string, readonly string[]>>;
  readonly detail?: string;
  readonly data?: { readonly flows?: readonly { readonly id: string; readonly is_pending?: boolean }[] };
}

function refusal(response: Response, answer: Answer | null): AccountError {
  const pending = answer?.data?.flows?.find((flow) => flow.is_pending)?.id;
  if (response.status === 401 && pending === 'mfa_authenticate') return new AccountError({}, null, 401, true);
  const fields: Record<string, string> = {};
  let general: string | null = null;
  for (const [param, message] of errorsOf(answer)) {
    if (param) fields[param] ??= message;
    else general ??= message;
  }
  if (general === null && Object.keys(fields).length === 0) {
    if (response.status === 429) general = answer?.detail ?? 'Too many attempts. Wait a moment, then try again.';
    else if (response.status === 403)
      general = answer?.detail ?? 'This is not allowed here. Reload the page and try again.';
    else general = answer?.detail ?? `The server answered with an error (${response.status}). Try again in a moment.`;
  }
  return new AccountError(fields, general, response.status);
}

function errorsOf(answer: Answer | null): (readonly [string | undefined, string])[] {
  const errors = answer?.errors ?? [];
  if (Array.isArray(errors)) return errors.map((each) => [each.param, each.message]);
  return Object.entries(errors as Record<string, readonly string[]>).map(([param, texts]) => [
    param,
    texts[0] ?? 'Not accepted',
  ]);
}

/** Under HTTPS the cookie has the `__Host-` prefix, which keeps other hosts of the domain from setting it. */
function csrfToken(): string {
  return cookie('__Host-csrftoken') || cookie('csrftoken');
}

function cookie(name: string): string {
  const found = document.cookie.split('; ').find((part) => part.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : '';
}
