const mac = /Mac|iPhone|iPad/.test(navigator.platform);

/** The names of the modifier keys on this platform. */
export const MOD = mac ? '⌘' : 'Ctrl';
export const ALT = mac ? '⌥' : 'Alt';
