import { beforeEach, describe, expect, it } from 'vitest';
import { AccountError, createAccountsApi } from '../../src/features/accounts/api.ts';

/** A server with one fixed answer that records its requests. */
function answering(status: number, body: unknown) {
  const asked: Request[] = [];
  const api = createAccountsApi(async (input, init) => {
    asked.push(new Request(new URL(input as string, location.href), init));
    return new Response(JSON.stringify(body), { status });
  });
  return { api, asked };
}
const refusal = async (doing: Promise<unknown>): Promise<AccountError> => {
  const caught: unknown = await doing.then(
    () => null,
    (error: unknown) => error,
  );
  expect(caught).toBeInstanceOf(AccountError);
  return caught as AccountError;
};

describe('the accounts API', () => {
  beforeEach(() => {
    // oxlint-disable-next-line unicorn/no-document-cookie -- Django sets its token in a cookie
    document.cookie = 'csrftoken=t0ken; path=/';
  });

  it('signs in with the CSRF token', async () => {
    const { api, asked } = answering(200, {});
    await api.signIn({ username: 'ann', password: 'secret' });
    expect(asked[0]?.method).toBe('POST');
    expect(asked[0]?.url).toMatch(/\/_allauth\/browser\/v1\/auth\/login$/);
    expect(asked[0]?.headers.get('X-CSRFToken')).toBe('t0ken');
    expect(await asked[0]?.json()).toEqual({ username: 'ann', password: 'secret' });
  });

  it('signs up with the invitation and omits an empty e-mail address', async () => {
    const { api, asked } = answering(200, {});
    await api.signUp({ username: 'ann', display_name: 'Ann', password: 'x', email: '', invitation: 'abc' });
    expect(await asked[0]?.json()).toEqual({ username: 'ann', display_name: 'Ann', password: 'x', invitation: 'abc' });
  });

  it('sends lone surrogates as U+FFFD, which every server accepts', async () => {
    const { api, asked } = answering(200, {});
    await api.signUp({ username: 'ann', display_name: 'An\ud83d', password: 'p\udc00', email: '', invitation: null });
    expect(await asked[0]?.json()).toEqual({ username: 'ann', display_name: 'An\ufffd', password: 'p\ufffd' });
  });

  it('maps errors to form fields, in both formats of the server', async () => {
    const allauth = answering(400, { errors: [{ param: 'password', message: 'Too short.' }, { message: 'No.' }] });
    expect(await refusal(allauth.api.signIn({ username: '', password: '' }))).toMatchObject({
      fields: { password: 'Too short.' },
      general: 'No.',
    });
    const problem = answering(422, { code: 'invalid', errors: { workspace: ['Is needed.'] } });
    const setUp = problem.api.setUp({ setup: 's3cret', workspace: '', username: '', display_name: '', password: '' });
    expect(await refusal(setUp)).toMatchObject({ fields: { workspace: 'Is needed.' }, general: null });
  });

  it('reports when a second factor is needed', async () => {
    const { api } = answering(401, {
      data: { flows: [{ id: 'login' }, { id: 'mfa_authenticate', is_pending: true }] },
    });
    expect((await refusal(api.signIn({ username: 'a', password: 'b' }))).needsCode).toBe(true);
  });

  it('treats the 401 answer to a sign-out as success', async () => {
    await answering(401, { status: 401 }).api.signOut();
  });

  it('distinguishes an expired invitation from a server error', async () => {
    expect(await answering(200, { valid: true }).api.isInvitationValid('x')).toBe(true);
    expect(await answering(404, {}).api.isInvitationValid('x')).toBe(false);
    expect((await refusal(answering(500, {}).api.isInvitationValid('x'))).status).toBe(500);
  });

  it('says what to do without an answer and when rate-limited', async () => {
    const dead = createAccountsApi(() => Promise.reject(new TypeError('fetch failed')));
    expect((await refusal(dead.getState())).general).toContain('cannot be reached');
    expect((await refusal(answering(429, {}).api.signIn({ username: '', password: '' }))).general).toContain(
      'Too many',
    );
  });
});

describe('the CSRF token', () => {
  it('is read again after another tab has signed in', async () => {
    const asked: string[] = [];
    // oxlint-disable-next-line unicorn/no-document-cookie -- Django sets its token in a cookie
    document.cookie = 'csrftoken=0ld; path=/';
    const api = createAccountsApi(async (input, init) => {
      const shown = new Headers(init?.headers).get('X-CSRFToken');
      asked.push(`${init?.method} ${input as string} ${shown}`);
      // oxlint-disable-next-line unicorn/no-document-cookie -- Django sets its token in a cookie
      document.cookie = 'csrftoken=n3w; path=/';
      return new Response('{}', { status: shown === '0ld' ? 403 : 200 });
    });
    await api.revokeToken(7);
    expect(asked).toEqual(['DELETE /account/tokens/7 0ld', 'GET /account/state null', 'DELETE /account/tokens/7 n3w']);
  });

  it('is not read again and again when the request is forbidden', async () => {
    const { api, asked } = answering(403, { code: 'forbidden', detail: 'Only the owner and staff can invite.' });
    expect(await refusal(api.invite(1))).toMatchObject({ general: 'Only the owner and staff can invite.' });
    expect(asked.map((each) => each.method)).toEqual(['POST', 'GET']);
  });
});
