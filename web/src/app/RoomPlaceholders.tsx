/** What stands in place of a room: while the list loads, while none is chosen, and where the user is not in it. */
import { Hash, SquarePen, UserPlus } from 'lucide-react';
import { Redirect, useLocation } from 'wouter';
import { countText } from '../features/outbox/texts.ts';
import { useUnsent } from '../features/outbox/useUnsent.ts';
import { TimelineSkeleton } from '../features/timeline/TimelineSkeleton.tsx';
import { Button } from '../ui/Button.tsx';
import { Logo } from '../ui/Logo.tsx';
import { firstNameInText } from '../ui/names.ts';
import { usePhone } from '../ui/useMedia.ts';
import { openPanel } from './panels.ts';
import { useSignedIn } from './signedIn.ts';

/** Shown until the room list is loaded. */
export function RoomSkeleton() {
  return (
    <main className="flex min-w-0 flex-1 flex-col bg-paper" aria-busy="true">
      <div className="safe-top shrink-0 border-b border-line">
        <div className="flex h-14 items-center gap-3 px-3 md:px-5">
          <div className="size-6 animate-breathe rounded-lg bg-press" />
          <div className="h-3 w-32 animate-breathe rounded-full bg-press" />
        </div>
      </div>
      <TimelineSkeleton />
      <div className="h-5 shrink-0" />
      <div className="shrink-0 px-3 pb-2 md:px-5 md:pb-4">
        <div className="h-11.5 rounded-xl border border-line bg-raised" />
      </div>
    </main>
  );
}

export function Welcome({ empty }: { readonly empty: boolean }) {
  const { user, workspace, canInvite } = useSignedIn();
  return (
    <main className="grid min-w-0 flex-1 place-items-center bg-paper p-8">
      <div className="max-w-sm text-center">
        <Logo className="mx-auto size-12" />
        <h1 className="mt-5 text-xl font-semibold tracking-tight text-balance">
          {empty ? `Welcome to ${workspace}` : `Good to see you, ${firstNameInText(user)}`}
        </h1>
        <p className="mt-1.5 text-base text-balance text-ink-soft">
          {empty
            ? 'Join a channel to see what is going on, or write to somebody.'
            : 'Choose a conversation on the left, or start one.'}
        </p>
        <div className="mt-5 flex flex-wrap justify-center gap-2">
          <Button onClick={() => openPanel.set('browse-channels')}>
            <Hash className="size-4" /> Browse channels
          </Button>
          {empty && canInvite && (
            <Button onClick={() => openPanel.set('invite')}>
              <UserPlus className="size-4" /> Invite people
            </Button>
          )}
          <Button look="primary" onClick={() => openPanel.set('create-direct')}>
            <SquarePen className="size-4" /> New message
          </Button>
        </div>
      </div>
    </main>
  );
}

export function NoSuchRoom({ id }: { readonly id: number }) {
  const [, navigate] = useLocation();
  const phone = usePhone();
  const unsent = useUnsent().filter(({ item }) => item.roomId === id);
  if (phone) return <Redirect to="/" replace />;
  return (
    <main className="grid min-w-0 flex-1 place-items-center bg-paper p-8">
      <div className="text-center">
        <h1 className="text-lg font-semibold">You are not in this room</h1>
        <p className="mt-1 text-ink-soft">It was deleted, or you left it, or it is a channel you have not joined.</p>
        {unsent.length > 0 && (
          <p className="mt-3 text-sm">
            {countText(unsent.map(({ item }) => item))} of yours {unsent.length === 1 ? 'was' : 'were'} not sent.{' '}
            <button
              type="button"
              onClick={() => openPanel.set('unsent')}
              className="font-semibold text-accent hover:underline"
            >
              Show
            </button>
          </p>
        )}
        <div className="mt-4 flex justify-center gap-2">
          <Button onClick={() => navigate('/')}>Back</Button>
          <Button look="primary" onClick={() => openPanel.set('browse-channels')}>
            Browse channels
          </Button>
        </div>
      </div>
    </main>
  );
}
