/** A channel to the other tabs of this browser; null where it has none, or refuses it together with its storage. */
export function openBroadcastChannel(name: string): BroadcastChannel | null {
  try {
    return new BroadcastChannel(name);
  } catch {
    return null;
  }
}
