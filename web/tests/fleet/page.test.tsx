import { afterEach, expect, it, vi } from 'vitest';
import { page as browser } from 'vitest/browser';
import { render } from 'vitest-browser-react';
import { FleetPage } from '../../src/features/fleet/FleetPage.tsx';
import * as answers from './answers.ts';

const ANSWERS: Readonly<Record<string, unknown>> = {
  now: answers.now,
  fallback: answers.fallback,
  person: answers.person,
  recorder: {},
  recording: answers.recording,
  errors: answers.errors,
  audit: answers.audit,
};

/** Answers as the server does; returns the addresses that were asked for. */
function serve(): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (address: string) => {
    asked.push(address);
    const { pathname, searchParams } = new URL(address, location.href);
    const name = pathname.split('/').at(-1) ?? '';
    const found =
      name === 'journey' ? (searchParams.has('message') ? answers.journey : answers.expected) : ANSWERS[name];
    return Response.json(found);
  });
  return asked;
}

afterEach(() => {
  vi.unstubAllGlobals();
  history.replaceState(null, '', '#');
});

const open = async (tab: string) => {
  await render(<FleetPage />);
  await browser.getByRole('button', { name: tab, exact: true }).click();
};

const ask = async (name: string) => {
  await browser.getByLabelText('Username, or id').fill(name);
  await browser.getByRole('button', { name: 'Show' }).click();
};

it('shows what is wrong first, and the share of transports as a picture', async () => {
  serve();
  await render(<FleetPage />);
  await expect.element(browser.getByText('the newest backup is 48 hours old')).toBeVisible();
  await expect.element(browser.getByRole('img', { name: 'Now 27 % of 41 connections are on HTTP.' })).toBeVisible();
});

it('shows what the doctor found on the server, with what to do', async () => {
  serve();
  await render(<FleetPage />);
  const found = browser.getByRole('region', { name: 'Doctor' });
  await expect.element(found).toHaveTextContent('D117 backups: there is no recent backup');
  await expect.element(found).toHaveTextContent('systemctl enable --now backchannel-backup.timer');
});

it('names who is on HTTP, and why', async () => {
  const asked = serve();
  await open('Fallback');
  const row = browser.getByRole('table', { name: 'People on HTTP' });
  await expect.element(row).toHaveTextContent('cleo');
  await expect.element(row).toHaveTextContent('upgrade stripped by a proxy');
  await browser.getByRole('button', { name: 'A week' }).click();
  await expect.poll(() => asked.at(-1)).toBe('/api/fleet/fallback?hours=168');
});

it('asks for nobody before a name is given, and draws a lane for each device', async () => {
  const asked = serve();
  await open('Person');
  await ask(' cleo ');
  await expect.element(browser.getByRole('img', { name: 'A: safari 18, ios, 2 connections' })).toBeVisible();
  expect(new Set(asked.filter((address) => address.includes('/person')))).toEqual(
    new Set(['/api/fleet/person?person=cleo&hours=24']),
  );
});

it('asks for the recorder, and shows the lines of one that came', async () => {
  const asked = serve();
  await open('Person');
  await ask('cleo');
  await browser.getByRole('button', { name: 'Ask for the recorder' }).click();
  await expect.element(browser.getByText(/^Asked\./)).toBeVisible();
  expect(asked).toContain('/api/fleet/recorder?person=cleo');
  await browser.getByRole('button', { name: 'Show lines' }).click();
  await expect.element(browser.getByText(/from=live to=waiting/)).toBeVisible();
  await browser.getByRole('button', { name: 'Hide lines' }).click();
  await expect.element(browser.getByText(/from=live to=waiting/)).not.toBeInTheDocument();
});

it('leads from what a person should have to the verdict of one message', async () => {
  serve();
  await open('Message journey');
  await ask('cleo');
  await browser.getByRole('button', { name: 'Why?' }).click();
  await expect.element(browser.getByText(answers.journey.journey?.verdict ?? '')).toBeVisible();
});

it('says what the server refused, in its words', async () => {
  vi.stubGlobal('fetch', async () =>
    Response.json({ detail: 'Only the owner and staff may see this.' }, { status: 403 }),
  );
  await render(<FleetPage />);
  await expect.element(browser.getByRole('alert')).toHaveTextContent('Only the owner and staff may see this.');
});
