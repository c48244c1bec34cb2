import { useEffect, useState } from 'react';

/** The time, renewed every `step_ms`: for labels like "Today" that a long-lived tab must not let go stale. */
export function useNow(step_ms = 60_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), step_ms);
    return () => clearInterval(timer);
  }, [step_ms]);
  return now;
}
