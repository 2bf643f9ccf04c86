import type { StatefulSet } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { kinds, type Desired } from '../kinds.ts';
import { rememberPods } from '../observe/remembered.ts';
import type { PodEnvironment } from '../render/input.ts';
import { render } from '../render/render.ts';
import {
  testConfiguration,
  testManifest,
  testObserved,
  testPod,
  testRemembered,
  withStatus,
} from '../testing/cluster.ts';
import { plan } from './plan.ts';
import { stepsOf } from './step.ts';

const configuration = testConfiguration({ pod_environment_secret: 'keys' });
const complete: PodEnvironment = { secretKeys: ['A'], values: {}, unfit: [] };
const gone: PodEnvironment = { secretKeys: [], values: {}, unfit: [], missing: 'Secret keys exists' };

function rendered(podEnvironment: PodEnvironment, live?: StatefulSet, spec = {}): Desired[] {
  const statefulSet = rememberPods(live?.spec?.template.spec);
  const remembered = testRemembered({
    podEnvironment,
    ...(statefulSet === undefined ? {} : { statefulSet }),
  });
  return render({ manifest: testManifest(spec), configuration, remembered });
}

function steps(objects: Desired[], live: Desired[]) {
  const goal = {
    objects,
    database: undefined,
    configuration: undefined,
    pods: { ignoredAnnotations: [], isLazy: false },
  };
  const pods = live.length > 0 ? [testPod({ ordinal: 0, role: 'primary' }), testPod({ ordinal: 1 })] : [];
  return stepsOf(plan(goal, testObserved(live, pods, { leader: 'acid-demo-0' }))).map(
    ({ what, waitFor }) => what + (waitFor === undefined ? '' : ` | ${waitFor}`),
  );
}

test('a new cluster waits for what its pods get variables from', () => {
  expect(steps(rendered(gone), []).at(-1)).toBe('create statefulset acid-demo | Secret keys exists');
  expect(steps(rendered(complete), []).at(-1)).toBe('create statefulset acid-demo');
});

test('pods that run are left alone while it is missing, and replaced when it is another', () => {
  const live = rendered(complete).map((desired) =>
    desired.kind === kinds.statefulSet ? withStatus(desired, 'old') : desired,
  );
  const statefulSet = live.find(({ kind }) => kind === kinds.statefulSet)?.object as StatefulSet | undefined;
  expect(steps(rendered(gone, statefulSet, { dockerImage: 'another' }), live)).toEqual([
    'update statefulset acid-demo | Secret keys exists',
  ]);
  const more = { ...complete, secretKeys: ['A', 'B'] };
  expect(steps(rendered(more, statefulSet), live)).toEqual([
    'update statefulset acid-demo',
    'replace pod acid-demo-1',
    'switch over from acid-demo-0 to acid-demo-1',
    'replace pod acid-demo-0',
  ]);
  expect(steps(rendered(complete, statefulSet), live)).toEqual([]);
});
