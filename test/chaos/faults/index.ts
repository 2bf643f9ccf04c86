import type { Fault } from '../fault.ts';
import { dataFaults } from './data.ts';
import { networkFaults } from './network.ts';
import { objectFaults } from './objects.ts';
import { processFaults } from './processes.ts';
import { volumeFaults } from './volumes.ts';

/** Everything that can happen. Their order is part of what a seed means: new ones are added at the end. */
export const allFaults: readonly Fault[] = [
  ...processFaults,
  ...networkFaults,
  ...objectFaults,
  ...volumeFaults,
  ...dataFaults,
];
