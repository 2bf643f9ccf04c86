import { setFlagsFromString } from 'node:v8';

/** By how much the heap may grow beyond what is in use before it is cleaned up, in percent; V8 itself goes up to 300. */
const growingPercent = 30;

/**
 * Lets V8 collect garbage rather than ask for more memory, as it does by itself on small machines. An operator keeps the
 * same objects for days and makes garbage slowly, so that this costs little. It holds for what is allocated from now on.
 */
export function keepHeapSmall(): void {
  // Both are read at each collection. The young generation stays as small as it is at the start.
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
}
