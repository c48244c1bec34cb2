import { type FormEvent, useState } from 'react';
import { AccountError } from './api.ts';

/** The state of one form: its fields, the server's errors, and whether it is being submitted. */
export function useForm<F extends Record<string, string>>(initial: F, submit: (fields: F) => Promise<void>) {
  const [fields, setFields] = useState(initial);
  const [error, setError] = useState<AccountError | null>(null);
  const [busy, setBusy] = useState(false);

  return {
    fields,
    busy,
    error,
    general: error?.general ?? null,
    /** Props for the input of one field. */
    field: (name: keyof F & string) => ({
      name,
      value: fields[name],
      error: error?.fields[name],
      onChange: (event: { target: { value: string } }) => setFields((now) => ({ ...now, [name]: event.target.value })),
    }),
    onSubmit: async (event: FormEvent) => {
      event.preventDefault();
      if (busy) return;
      setBusy(true);
      setError(null);
      try {
        await submit(fields);
      } catch (refusal) {
        setError(refusal instanceof AccountError ? refusal : new AccountError({}, 'Something went wrong. Try again.'));
      } finally {
        setBusy(false);
      }
    },
  };
}
