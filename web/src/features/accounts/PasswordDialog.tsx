import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { toast } from '../../ui/Toasts.tsx';
import type { AccountsApi } from './api.ts';
import { Problem } from './Entrance.tsx';
import { PasswordField } from './PasswordField.tsx';
import { useForm } from './useForm.ts';

interface PasswordDialogProps {
  readonly api: AccountsApi;
  readonly onClose: () => void;
  /** Called around the change, which ends this person's sessions and gives this browser a new one. */
  readonly pause: () => Promise<void>;
  readonly goOn: () => void;
}

export function PasswordDialog({ api, onClose, pause, goOn }: PasswordDialogProps) {
  const form = useForm({ current_password: '', new_password: '' }, async (fields) => {
    await pause();
    try {
      await api.changePassword(fields);
    } finally {
      goOn();
    }
    toast('Your password is changed. Other devices are signed out.');
    onClose();
  });
  return (
    <Dialog
      title="Change password"
      onClose={onClose}
      footer={
        <>
          <Button look="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit" form="password" busy={form.busy}>
            Change password
          </Button>
        </>
      }
    >
      <form id="password" onSubmit={form.onSubmit} className="flex flex-col gap-4 px-5 pt-2 pb-5">
        {form.general && <Problem>{form.general}</Problem>}
        <PasswordField
          label="Current password"
          {...form.field('current_password')}
          required
          autoComplete="current-password"
        />
        <PasswordField label="New password" {...form.field('new_password')} required autoComplete="new-password" />
      </form>
    </Dialog>
  );
}
