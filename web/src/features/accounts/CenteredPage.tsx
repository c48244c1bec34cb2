import type { ReactNode } from 'react';
import { Logo } from '../../ui/Logo.tsx';

interface CenteredPageProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly children: ReactNode;
  readonly foot?: ReactNode;
}

/** The layout of every page outside the app: one centered column. */
export function CenteredPage({ title, lead, children, foot }: CenteredPageProps) {
  return (
    <main className="flex min-h-dvh flex-col items-center bg-shade px-5 py-10">
      <div className="my-auto w-full max-w-[24rem]">
        <Logo className="size-11" />
        <h1 className="mt-6 text-2xl font-semibold tracking-[-0.02em] text-balance">{title}</h1>
        {lead && <p className="mt-2 text-base text-pretty text-ink-soft">{lead}</p>}
        <div className="mt-7">{children}</div>
        {foot && <p className="mt-6 text-ink-soft">{foot}</p>}
      </div>
      <p className="pt-10 text-xs text-ink-faint">Backchannel · chat that keeps talking</p>
    </main>
  );
}

export function Problem({ children }: { readonly children: ReactNode }) {
  return (
    <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-danger">
      {children}
    </p>
  );
}
