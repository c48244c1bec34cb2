import './styles/index.css';
import { createChat } from '@backchannel/client';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App.tsx';
import { createAccountsApi, stateOfPage } from './features/accounts/api.ts';

/** Set while a reload for missing files is under way: once helps after a deploy, twice would loop. */
const RELOADED = 'backchannel.reloaded';

// A tab older than the last deploy asks for chunks that are gone.
window.addEventListener('vite:preloadError', ({ payload }) => void reloadIfGone(payload));

/** Without a network chunks fail too, and a reload would put the browser's error page in place of what was written. */
async function reloadIfGone({ message }: Error): Promise<void> {
  const file = /\S+\/assets\/\S+/.exec(message)?.[0];
  const answer = file ? await fetch(file, { method: 'HEAD', cache: 'no-store' }).catch(() => null) : null;
  if (answer?.status !== 404 || sessionStorage.getItem(RELOADED)) return;
  sessionStorage.setItem(RELOADED, '1');
  location.reload();
}

const page = stateOfPage();
const root = document.getElementById('root');
if (!root) throw new Error('The page has no #root.');

createRoot(root).render(
  <StrictMode>
    <App
      api={createAccountsApi()}
      initial={page}
      makeChat={() => createChat({ client: { name: 'web', version: page?.version ?? '0' } })}
    />
  </StrictMode>,
);
