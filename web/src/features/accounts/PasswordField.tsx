import { type ComponentProps, useState } from 'react';
import { Field } from '../../ui/Field.tsx';

/** A password field that can show its text, instead of asking for the password twice. */
export function PasswordField(props: Omit<ComponentProps<typeof Field>, 'type' | 'end'>) {
  const [shown, setShown] = useState(false);
  return (
    <Field
      {...props}
      type={shown ? 'text' : 'password'}
      spellCheck={false}
      autoCapitalize="none"
      end={
        <button
          type="button"
          // Keep the focus, and a phone's keyboard, in the field.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => setShown(!shown)}
          className="absolute inset-y-1 right-1 rounded-md px-2.5 text-sm font-medium text-ink-soft hover:bg-hover hover:text-ink"
        >
          {shown ? 'Hide' : 'Show'}
        </button>
      }
    />
  );
}
