import { createStore, useStore } from '../ui/store.ts';

/** `system` follows the device. src/theme.ts applies the stored choice before the first paint. */
export type Theme = 'light' | 'dark' | 'system';

const KEY = 'backchannel.theme';
const theme = createStore<Theme>((document.documentElement.dataset['theme'] as Theme | undefined) ?? 'system');

export function setTheme(next: Theme): void {
  theme.set(next);
  if (next === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = next;
  try {
    if (next === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // Without storage, the choice lasts until the tab is closed.
  }
}

export const useTheme = () => useStore(theme, (value) => value);
