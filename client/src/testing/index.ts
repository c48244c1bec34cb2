/** For tests of the client, and of apps built on it: a server, a network with faults, and a clock. */
export { FakeClock, flushTasks } from './fakeClock.ts';
export { Refusal } from './answers.ts';
export { MemoryServer } from './memoryServer.ts';
export { MemoryNetwork } from './memoryNetwork.ts';
