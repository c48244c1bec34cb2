import { useEffect, useState } from 'react';

/** The current time, updated every `step_ms`, so that labels such as "Today" stay correct in a long-lived tab. */
export function useNow(step_ms = 60_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), step_ms);
    return () => clearInterval(timer);
  }, [step_ms]);
  return now;
}
