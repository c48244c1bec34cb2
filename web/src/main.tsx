import './styles/index.css';
import { createChat } from '@backchannel/client';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App.tsx';
import { createAccountsApi, stateOfPage } from './features/accounts/api.ts';

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
