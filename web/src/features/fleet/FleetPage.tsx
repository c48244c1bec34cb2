/**
 * `/admin/fleet`, for staff: is the fleet healthy, who is on HTTP and why, why did somebody not get a message. Opens no chat, and needs
 * nothing but HTTP requests. A chunk of its own.
 */
import { type FormEvent, useState } from 'react';
import { Button } from '../../ui/Button.tsx';
import { FallbackTab } from './FallbackTab.tsx';
import { JourneyTab } from './JourneyTab.tsx';
import { NowTab } from './NowTab.tsx';
import { PersonTab } from './PersonTab.tsx';
import { AuditTab, ErrorsTab } from './RecordTabs.tsx';

const TABS = {
  now: 'Now',
  fallback: 'Fallback',
  person: 'Person',
  journey: 'Message journey',
  errors: 'Errors',
  audit: 'Audit',
} as const;
type Tab = keyof typeof TABS;
const OF_A_PERSON: ReadonlySet<Tab> = new Set(['person', 'journey', 'audit']);

export function FleetPage() {
  const [tab, setTab] = useState<Tab>(() => tabOf(location.hash));
  const [person, setPerson] = useState('');
  const open = (next: Tab) => {
    history.replaceState(history.state, '', `#${next}`);
    setTab(next);
  };
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-5xl flex-col gap-6 p-4 md:p-6">
      <header className="flex items-baseline justify-between gap-3">
        <h1 className="text-xl font-semibold">Fleet</h1>
        <a href="/" className="text-sm text-accent underline">
          To the chat
        </a>
      </header>
      <nav aria-label="Fleet" className="flex flex-wrap gap-1">
        {(Object.keys(TABS) as Tab[]).map((each) => (
          <Button
            key={each}
            size="sm"
            look={each === tab ? 'primary' : 'ghost'}
            aria-current={each === tab ? 'page' : undefined}
            onClick={() => open(each)}
          >
            {TABS[each]}
          </Button>
        ))}
      </nav>
      {OF_A_PERSON.has(tab) && <WhomForm onAsk={setPerson} />}
      {tab === 'now' && <NowTab />}
      {tab === 'fallback' && <FallbackTab />}
      {tab === 'person' && <PersonTab person={person} />}
      {tab === 'journey' && <JourneyTab person={person} />}
      {tab === 'errors' && <ErrorsTab />}
      {tab === 'audit' && <AuditTab person={person} />}
    </main>
  );
}

function tabOf(hash: string): Tab {
  const word = hash.slice(1);
  return word in TABS ? (word as Tab) : 'now';
}

function WhomForm({ onAsk }: { readonly onAsk: (person: string) => void }) {
  const [text, setText] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onAsk(text.trim());
  };
  return (
    <form onSubmit={submit} className="flex items-end gap-2">
      {/* Not `ui/Field`: what two lazy chunks share is a part of the first load. */}
      <label className="flex w-64 flex-col gap-1.5 font-medium">
        Username, or id
        <input
          value={text}
          onChange={(event) => setText(event.target.value)}
          autoComplete="off"
          className="h-10 rounded-md border border-line-strong bg-raised px-3 text-base font-normal"
        />
      </label>
      <Button type="submit" look="primary" className="h-10">
        Show
      </Button>
    </form>
  );
}
