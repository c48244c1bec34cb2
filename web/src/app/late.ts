import { type ComponentType, lazy } from 'react';

const FIRST_MS = 500;
const LAST_MS = 8_000;

/**
 * A part of the app that is loaded when it is first wanted. React remembers a failed load for ever and takes the whole
 * app down with it, so without a network it is asked for again and again instead.
 */
export function late<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>) {
  return lazy(() => untilLoaded(load, FIRST_MS));
}

async function untilLoaded<T>(load: () => Promise<T>, wait_ms: number): Promise<T> {
  try {
    return await load();
  } catch {
    await new Promise((resolve) => setTimeout(resolve, wait_ms));
    return untilLoaded(load, Math.min(LAST_MS, wait_ms * 2));
  }
}
