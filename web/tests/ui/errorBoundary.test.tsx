import { beforeEach, afterEach, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-react';
import { ErrorBoundary, PaneErrorBoundary } from '../../src/ui/ErrorBoundary.tsx';

beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => undefined));
afterEach(() => vi.restoreAllMocks());

function Bomb({ armed }: { readonly armed: () => boolean }) {
  if (armed()) throw new Error('No such hour.');
  return <p>whole</p>;
}

it('a failed pane shows a notice in its place, and its neighbours stay', async () => {
  let broken = true;
  const screen = await render(
    <>
      <PaneErrorBoundary name="This pane">
        <Bomb armed={() => broken} />
      </PaneErrorBoundary>
      <p>neighbour</p>
    </>,
  );
  await expect
    .element(screen.getByRole('alert'))
    .toHaveTextContent('This pane could not be shown. Error: No such hour.');
  await expect.element(screen.getByText('neighbour')).toBeVisible();
  broken = false;
  await screen.getByRole('button', { name: 'Try again' }).click();
  await expect.element(screen.getByText('whole')).toBeVisible();
});

it('failed children are rendered again when the reset key changes, and not before', async () => {
  let tries = 0;
  const armed = () => {
    tries += 1;
    return tries < 10;
  };
  const rendered = (of: object) => (
    <ErrorBoundary resetKey={of} fallback={<p>instead</p>}>
      <Bomb armed={armed} />
    </ErrorBoundary>
  );
  const first = {};
  const screen = await render(rendered(first));
  await expect.element(screen.getByText('instead')).toBeVisible();
  const before = tries;
  await screen.rerender(rendered(first));
  expect(tries).toBe(before);
  tries = 10;
  await screen.rerender(rendered({}));
  await expect.element(screen.getByText('whole')).toBeVisible();
});
