import { expect, test } from 'vitest';
import type { Pod, PodDisruptionBudget } from '@pgherd/kube/objects';
import { countsOf } from './disruption-controller.ts';

const pod = (ready: boolean): Pod => ({
  metadata: { name: 'p' },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});
const budget = (spec: PodDisruptionBudget['spec'] & object): PodDisruptionBudget => ({ metadata: {}, spec });
const three = [pod(true), pod(true), pod(true)];

// https://kubernetes.io/docs/tasks/run-application/configure-pdb/#think-about-how-your-application-reacts-to-disruptions
test.each([
  ['a number that must stay', { minAvailable: 2 }, three, 3, 2, 1],
  ['a number that may be missing', { maxUnavailable: 1 }, three, 3, 2, 1],
  ['percent are rounded up', { minAvailable: '50%' }, three, 3, 2, 1],
  ['percent that may be missing are rounded up too', { maxUnavailable: '30%' }, three, 3, 2, 1],
  ['more wanted than there are', { maxUnavailable: 1 }, [pod(true), pod(true)], 3, 2, 0],
  ['what is not ready counts as missing', { minAvailable: 2 }, [pod(true), pod(true), pod(false)], 3, 2, 0],
  ['everything may go', { minAvailable: 0 }, three, 3, 0, 3],
  ['nothing there', { minAvailable: 0 }, [], 0, 0, 0],
])('%s', (_, spec, pods, scale, desiredHealthy, disruptionsAllowed) => {
  expect(countsOf(budget(spec), pods, scale)).toMatchObject({ desiredHealthy, disruptionsAllowed });
});
