import { beforeEach, afterEach, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-react';
import { ErrorBoundary, PaneErrorBoundary } from '../../src/ui/ErrorBoundary.tsx';

beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => undefined));
afterEach(() => vi.restoreAllMocks());

function Bomb({ armed }: { readonly armed: () => boolean }) {
  if (armed()) throw new Error('No such hour.');
  return <p>whole</p>;
}

it('what fails to draw is said in its place, and its neighbours stay', async () => {
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

it('a failed drawing is tried again when what it draws has changed, and not before', async () => {
  let tries = 0;
  const armed = () => {
    tries += 1;
    return tries < 10;
  };
  const drawn = (of: object) => (
    <ErrorBoundary resetKey={of} fallback={<p>instead</p>}>
      <Bomb armed={armed} />
    </ErrorBoundary>
  );
  const first = {};
  const screen = await render(drawn(first));
  await expect.element(screen.getByText('instead')).toBeVisible();
  const before = tries;
  await screen.rerender(drawn(first));
  expect(tries).toBe(before);
  tries = 10;
  await screen.rerender(drawn({}));
  await expect.element(screen.getByText('whole')).toBeVisible();
});
