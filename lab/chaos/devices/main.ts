/**
 * A process of several devices. Its scene is JSON in the first argument; lines in: `wake`, `stop talking`, `status`, `view`.
 *
 * Lines out are one JSON object each: records of the history (with `op`), and answers to the lines in (with `kind`).
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createRandom } from './random.ts';
import { Device, type Role } from './device.ts';

interface Scene {
  readonly seed: number;
  readonly generation: number;
  /** Between two acts of a device, on average. */
  readonly pause_ms: number;
  readonly devices: readonly Role[];
}

const scene = JSON.parse(process.argv[2] ?? '') as Scene;

/** Synchronous, so that a kill cannot lose what has been reported. */
const print = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`);
const note = (op: string, fields: object): void => print({ op, t: Date.now() / 1_000, ...fields });

const devices = scene.devices.map((role, at) => {
  const random = createRandom(scene.seed * 1_009 + scene.generation * 101 + at);
  return new Device(role, scene.generation, scene.pause_ms, random, note);
});
for (const device of devices) device.start();

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'wake') for (const device of devices) device.wake();
  else if (line === 'stop talking') for (const device of devices) device.stopTalking();
  else if (line === 'status') print({ kind: 'status', devices: devices.map((device) => device.status()) });
  else if (line === 'view') {
    for (const device of devices) device.view();
    print({ kind: 'viewed' });
  }
}
process.exit(0);
