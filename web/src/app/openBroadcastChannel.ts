/** A BroadcastChannel to the other tabs; null if the browser lacks it or refuses it (as it does storage). */
export function openBroadcastChannel(name: string): BroadcastChannel | null {
  try {
    return new BroadcastChannel(name);
  } catch {
    return null;
  }
}
