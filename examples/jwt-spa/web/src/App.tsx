import { ConnectionStateIndicator, UnifiedChatProvider } from '@backchannel/react';
import { type ReactNode, useState, useSyncExternalStore } from 'react';
import { Lobby } from './Lobby.tsx';
import { SignIn } from './SignIn.tsx';
import { API, chatToken, isSignedIn, subscribe } from './session.ts';

export function App(): ReactNode {
  return useSyncExternalStore(subscribe, isSignedIn) ? <SignedIn /> : <SignIn />;
}

// --8<-- [start:provider]
function SignedIn(): ReactNode {
  const [options] = useState(() => ({
    client: { name: 'jwt-spa', version: '1.0' },
    baseUrl: `${API}/chat`,
    auth: { kind: 'jwt', token: chatToken() } as const,
  }));
  return (
    <UnifiedChatProvider options={options}>
      <ConnectionStateIndicator />
      <Lobby />
    </UnifiedChatProvider>
  );
}
// --8<-- [end:provider]
