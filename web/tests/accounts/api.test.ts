import { beforeEach, describe, expect, it } from 'vitest';
import { AccountError, createAccountsApi } from '../../src/features/accounts/api.ts';

/** A server that gives one answer, and what it was asked. */
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

describe('the accounts of the server', () => {
  beforeEach(() => {
    // oxlint-disable-next-line unicorn/no-document-cookie -- the way Django's token comes
    document.cookie = 'csrftoken=t0ken; path=/';
  });

  it('sign in with the CSRF token', async () => {
    const { api, asked } = answering(200, {});
    await api.signIn({ username: 'ann', password: 'secret' });
    expect(asked[0]?.method).toBe('POST');
    expect(asked[0]?.url).toMatch(/\/_allauth\/browser\/v1\/auth\/login$/);
    expect(asked[0]?.headers.get('X-CSRFToken')).toBe('t0ken');
    expect(await asked[0]?.json()).toEqual({ username: 'ann', password: 'secret' });
  });

  it('sign up with the invitation, and without an e-mail that was not given', async () => {
    const { api, asked } = answering(200, {});
    await api.signUp({ username: 'ann', display_name: 'Ann', password: 'x', email: '', invitation: 'abc' });
    expect(await asked[0]?.json()).toEqual({ username: 'ann', display_name: 'Ann', password: 'x', invitation: 'abc' });
  });

  it('send half characters as U+FFFD, which every server reads', async () => {
    const { api, asked } = answering(200, {});
    await api.signUp({ username: 'ann', display_name: 'An\ud83d', password: 'p\udc00', email: '', invitation: null });
    expect(await asked[0]?.json()).toEqual({ username: 'ann', display_name: 'An\ufffd', password: 'p\ufffd' });
  });

  it('put every refusal at its field, in both shapes', async () => {
    const allauth = answering(400, { errors: [{ param: 'password', message: 'Too short.' }, { message: 'No.' }] });
    expect(await refusal(allauth.api.signIn({ username: '', password: '' }))).toMatchObject({
      fields: { password: 'Too short.' },
      general: 'No.',
    });
    const problem = answering(422, { code: 'invalid', errors: { workspace: ['Is needed.'] } });
    const setUp = problem.api.setUp({ setup: 's3cret', workspace: '', username: '', display_name: '', password: '' });
    expect(await refusal(setUp)).toMatchObject({ fields: { workspace: 'Is needed.' }, general: null });
  });

  it('ask for the second step where there is one', async () => {
    const { api } = answering(401, {
      data: { flows: [{ id: 'login' }, { id: 'mfa_authenticate', is_pending: true }] },
    });
    expect((await refusal(api.signIn({ username: 'a', password: 'b' }))).needsCode).toBe(true);
  });

  it('take the 401 after signing out for what it is: done', async () => {
    await answering(401, { status: 401 }).api.signOut();
  });

  it('tell an ended invitation from a server in trouble', async () => {
    expect(await answering(200, { valid: true }).api.isInvitationValid('x')).toBe(true);
    expect(await answering(404, {}).api.isInvitationValid('x')).toBe(false);
    expect((await refusal(answering(500, {}).api.isInvitationValid('x'))).status).toBe(500);
  });

  it('say what to do where nothing answers, or too often', async () => {
    const dead = createAccountsApi(() => Promise.reject(new TypeError('fetch failed')));
    expect((await refusal(dead.getState())).general).toContain('cannot be reached');
    expect((await refusal(answering(429, {}).api.signIn({ username: '', password: '' }))).general).toContain(
      'Too many',
    );
  });
});

describe('the CSRF token', () => {
  it('is read anew where another tab has signed in since', async () => {
    const asked: string[] = [];
    // oxlint-disable-next-line unicorn/no-document-cookie -- the way Django's token comes
    document.cookie = 'csrftoken=0ld; path=/';
    const api = createAccountsApi(async (input, init) => {
      const shown = new Headers(init?.headers).get('X-CSRFToken');
      asked.push(`${init?.method} ${input as string} ${shown}`);
      // oxlint-disable-next-line unicorn/no-document-cookie -- the way Django's token comes
      document.cookie = 'csrftoken=n3w; path=/';
      return new Response('{}', { status: shown === '0ld' ? 403 : 200 });
    });
    await api.revokeToken(7);
    expect(asked).toEqual(['DELETE /account/tokens/7 0ld', 'GET /account/state null', 'DELETE /account/tokens/7 n3w']);
  });

  it('is not read in a circle where the answer is simply no', async () => {
    const { api, asked } = answering(403, { code: 'forbidden', detail: 'Only the owner and staff can invite.' });
    expect(await refusal(api.invite(1))).toMatchObject({ general: 'Only the owner and staff can invite.' });
    expect(asked.map((each) => each.method)).toEqual(['POST', 'GET']);
  });
});
