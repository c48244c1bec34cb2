import type { MyNotifications } from '@backchannel/client';
import type { MyChoice } from '@backchannel/client/features/notificationSettings';
import { useCallback, useEffect, useState } from 'react';
import { useChat } from '../../app/chat.ts';
import { notificationSettings } from '../../app/notificationSettings.ts';
import { attempt } from '../../app/runCommand.ts';

export type Mine = MyNotifications | 'loading' | 'failed';

/** What the user wants to be notified of in all rooms. `save` stores a change at once, and resolves to whether that worked. */
export function useMyNotifications() {
  const settings = notificationSettings(useChat());
  const [mine, setMine] = useState<Mine>('loading');
  const load = useCallback(async () => {
    setMine('loading');
    setMine(await settings.getMyNotifications().catch(() => 'failed' as const));
  }, [settings]);
  useEffect(() => void load(), [load]);
  const save = useCallback(
    (choice: MyChoice) => attempt(settings.setMyNotifications(choice).then(setMine)),
    [settings],
  );
  return { mine, load, save };
}

export type Save = ReturnType<typeof useMyNotifications>['save'];
