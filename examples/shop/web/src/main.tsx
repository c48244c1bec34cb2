import { UnifiedChatProvider } from '@backchannel/react';
import '@backchannel/react/indicator.css';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import './shop.css';

// --8<-- [start:provider]
const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <UnifiedChatProvider options={{ baseUrl: '/chat', client: { name: 'shop', version: '1.0' } }}>
      <App />
    </UnifiedChatProvider>,
  );
}
// --8<-- [end:provider]
