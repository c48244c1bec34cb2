import { type ReactNode, useState } from 'react';
import { signIn } from './session.ts';
import { textOf } from './textOf.ts';

export function SignIn(): ReactNode {
  const [error, setError] = useState('');

  async function submit(form: FormData): Promise<void> {
    try {
      await signIn(textOf(form, 'username'), textOf(form, 'password'));
    } catch (caught) {
      setError(caught instanceof Error ? caught.message : String(caught));
    }
  }

  return (
    <form action={submit}>
      <h1>Lobby</h1>
      <label>
        Name <input name="username" autoComplete="username" required />
      </label>
      <label>
        Password <input name="password" type="password" autoComplete="current-password" required />
      </label>
      <button type="submit">Sign in</button>
      {error && <p role="alert">{error}</p>}
    </form>
  );
}
