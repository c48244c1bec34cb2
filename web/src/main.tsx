import './styles/index.css';
import { createFullChat } from '@backchannel/client/full';
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
      makeChat={() => createFullChat({ client: { name: 'web', version: page?.version ?? '0' } })}
    />
  </StrictMode>,
);
