import type { User } from '@backchannel/client';
import { expect, it } from 'vitest';
import { render } from 'vitest-browser-react';
import { Avatar } from '../../src/ui/Avatar.tsx';

const ADA: User = { id: 24, username: 'ada', display_name: 'Ada Lovelace' };
const PIXEL = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>')}`;

const picture = (container: HTMLElement) => container.querySelector('img');

it('shows initials without a picture', async () => {
  const { container } = await render(<Avatar user={ADA} />);
  expect(container.textContent).toBe('AL');
  expect(picture(container)).toBeNull();
});

it('shows the picture, and sends its host no address of this page', async () => {
  const { container } = await render(<Avatar user={{ ...ADA, avatar_url: PIXEL }} />);
  await expect.poll(() => picture(container)?.naturalWidth).toBe(1);
  expect(picture(container)?.referrerPolicy).toBe('no-referrer');
  expect(container.textContent).toBe('');
});

it('shows initials where the picture cannot be loaded, until there is another one', async () => {
  const { container, rerender } = await render(<Avatar user={{ ...ADA, avatar_url: 'data:image/png,broken' }} />);
  await expect.poll(() => container.textContent).toBe('AL');
  await rerender(<Avatar user={{ ...ADA, avatar_url: PIXEL }} />);
  expect(picture(container)?.getAttribute('src')).toBe(PIXEL);
});

it('takes hostile text for the address of a picture and nothing else', async () => {
  const url = 'javascript:"><script>document.title = 1</script>';
  const { container } = await render(<Avatar user={{ ...ADA, avatar_url: url }} />);
  expect(container.querySelector('script')).toBeNull();
  await expect.poll(() => container.textContent).toBe('AL');
});
