import { useChat } from '../../app/chat.ts';
import { notificationSettings } from '../../app/notificationSettings.ts';
import { attempt } from '../../app/runCommand.ts';
import { useState } from 'react';
import { Button } from '../../ui/Button.tsx';
import { Choice } from '../../ui/Choice.tsx';
import { deviceName } from './pushSubscription.ts';
import { canNotify, isRefused, needsInstalling, setNotify, useNotify } from './setting.ts';

const OUTCOMES = {
  sent: 'The test was sent. It should appear within seconds.',
  gone: 'This browser is not subscribed. Turn notifications off and on again; some browsers have no push messages.',
  later: 'The push service of this browser gave no answer. Try again in a minute.',
  refused: 'The push service refuses what this server sends. Its log says why.',
} as const;

/** Whether this browser notifies, and a test of it. */
export function DeviceSection() {
  const notify = useNotify();
  return (
    <section aria-labelledby="this-device">
      <h3 id="this-device" className="mb-1 font-medium">
        This device
      </h3>
      {canNotify ? (
        <>
          <Choice
            type="checkbox"
            label="Notify me here"
            hint={
              isRefused()
                ? 'This browser refuses it. Allow notifications of this site in the browser’s settings.'
                : 'Also while no page of the chat is open, where the browser and the server can.'
            }
            checked={notify}
            onChoose={() => void setNotify(!notify)}
          />
          {notify && <PushTest />}
        </>
      ) : (
        <p className="text-ink-soft">
          {needsInstalling
            ? 'On an iPhone or iPad, first add this page to the home screen: Share, then “Add to Home Screen”. Then open it from there.'
            : 'This browser cannot show notifications here. They need https and a current browser.'}
        </p>
      )}
    </section>
  );
}

/** Sends a message by the push service of this browser, and says what became of it. */
function PushTest() {
  const settings = notificationSettings(useChat());
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<keyof typeof OUTCOMES | null>(null);
  const send = async () => {
    setBusy(true);
    setOutcome(null);
    const device = deviceName(localStorage, true);
    await attempt(device ? settings.testPush(device).then(setOutcome) : Promise.resolve(setOutcome('gone')));
    setBusy(false);
  };
  return (
    <div className="mt-1 flex flex-wrap items-center gap-3 pl-9">
      <Button size="sm" busy={busy} className="pointer-coarse:h-10" onClick={() => void send()}>
        Send a test
      </Button>
      <p role="status" className="min-w-0 flex-1 text-sm text-ink-soft">
        {outcome && OUTCOMES[outcome]}
      </p>
    </div>
  );
}
