import { UserPlus } from 'lucide-react';
import { Button } from '../ui/Button.tsx';
import { openPanel } from './panels.ts';
import { useSignedIn } from './signedIn.ts';

/** Shown where a room or search has nobody else. Renders nothing for users who may not invite. */
export function InviteButton({ primary = false }: { readonly primary?: boolean }) {
  const { canInvite } = useSignedIn();
  if (!canInvite) return null;
  return (
    <Button size="sm" look={primary ? 'primary' : 'quiet'} onClick={() => openPanel.set('invite')}>
      <UserPlus className="size-4" aria-hidden="true" /> Invite people
    </Button>
  );
}
