import { describe, expect, it, vi } from 'vitest';
import { page } from 'vitest/browser';
import { render } from 'vitest-browser-react';
import { Dialog } from '../../src/ui/Dialog.tsx';
import '../../src/styles/index.css';

const LINES = Array.from({ length: 80 }, (_, index) => <p key={index}>Line {index}</p>);
const middle = () => document.querySelector<HTMLElement>('dialog [data-body]');

describe('the middle of a dialog', () => {
  it('is a stop of the Tab key where it scrolls and has nothing to focus', async () => {
    await page.viewport(800, 400);
    const screen = await render(
      <Dialog title="Shortcuts" onClose={vi.fn()}>
        {LINES}
      </Dialog>,
    );
    await vi.waitFor(() => expect(middle()?.tabIndex).toBe(0));
    expect(document.activeElement).toBe(middle());
    // It fits after all.
    await screen.rerender(
      <Dialog title="Shortcuts" onClose={vi.fn()}>
        {LINES.slice(0, 2)}
      </Dialog>,
    );
    await vi.waitFor(() => expect(middle()?.tabIndex).toBe(-1));
  });

  it('is none where something in it takes the focus', async () => {
    await page.viewport(800, 400);
    await render(
      <Dialog title="Name and topic" onClose={vi.fn()}>
        <input aria-label="Name" />
        {LINES}
      </Dialog>,
    );
    await vi.waitFor(() => expect(middle()?.scrollHeight).toBeGreaterThan(middle()?.clientHeight ?? 0));
    expect(middle()?.tabIndex).toBe(-1);
    expect(document.activeElement).toBe(document.querySelector('dialog input'));
  });
});
