import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { cx } from '../../ui/classes.ts';
import { Button } from '../../ui/Button.tsx';
import { copyText } from '../../ui/copyText.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { inputLook } from '../../ui/inputLook.ts';
import type { AccountsApi, Invitation } from './api.ts';
import { Problem } from './CenteredPage.tsx';
import { useForm } from './useForm.ts';

const expiryDate = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' });

export function InviteDialog({ api, onClose }: { readonly api: AccountsApi; readonly onClose: () => void }) {
  const [invitation, setInvitation] = useState<Invitation | null>(null);
  const [copied, setCopied] = useState(false);
  const form = useForm({ uses: '1' }, async ({ uses }) => setInvitation(await api.invite(Number(uses))));
  return (
    <Dialog title="Invite people" onClose={onClose}>
      <div className="flex flex-col gap-4 px-5 pt-1 pb-5">
        {form.general && <Problem>{form.general}</Problem>}
        {invitation ? (
          <>
            <p className="text-ink-soft">
              Send this link. It works until {expiryDate.format(new Date(invitation.expires_at))} and is shown only
              once.
            </p>
            <div className="flex gap-2">
              <input
                readOnly
                autoFocus
                aria-label="Invitation link"
                value={invitation.url}
                onFocus={(event) => event.target.select()}
                className={cx(inputLook, 'h-10 min-w-0 flex-1 text-sm')}
              />
              <Button look="primary" className="h-10" onClick={async () => setCopied(await copyText(invitation.url))}>
                {copied ? <Check className="size-4" /> : <Copy className="size-4" />}
                {copied ? 'Copied' : 'Copy'}
              </Button>
            </div>
          </>
        ) : (
          <form onSubmit={form.onSubmit} className="flex flex-col gap-4">
            <p className="text-ink-soft">Anyone with the link can create an account here.</p>
            <label className="flex flex-col gap-1.5 font-medium">
              Valid for
              <select {...form.field('uses')} className={cx(inputLook, 'h-10 font-normal')}>
                <option value="1">one person</option>
                <option value="10">10 people</option>
                <option value="50">50 people</option>
              </select>
            </label>
            <Button type="submit" look="primary" busy={form.busy} className="self-start">
              Create link
            </Button>
          </form>
        )}
      </div>
    </Dialog>
  );
}
