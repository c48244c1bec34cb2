const mac = /Mac|iPhone|iPad/.test(navigator.platform);

/** What the keys are called on this keyboard. */
export const MOD = mac ? '⌘' : 'Ctrl';
export const ALT = mac ? '⌥' : 'Alt';
