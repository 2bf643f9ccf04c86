import type { KubeObject } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { kinds, objectKey, type Desired } from '../kinds.ts';
import type { Observed } from '../observe/observed.ts';
import { plan } from '../plan/plan.ts';
import { stepsOf } from '../plan/step.ts';
import { render } from '../render/render.ts';
import { testConfiguration, testManifest, testObserved, testRemembered } from '../testing/cluster.ts';
import {
  newCorrectionMemory,
  noteCorrection,
  noteWrites,
  temper,
  type CorrectionMemory,
} from './corrections.ts';

const desired = render({
  manifest: testManifest(),
  configuration: testConfiguration(),
  remembered: testRemembered(),
});

function planFor(objects: Desired[], observed: Observed) {
  const pods = { ignoredAnnotations: [], isLazy: false };
  return plan({ objects, database: undefined, configuration: undefined, pods }, observed);
}

/** The world with another type of Service, as somebody made it by hand. */
function edited(by?: string): Observed {
  const observed = testObserved(desired);
  const objects = new Map(observed.objects);
  const key = objectKey(kinds.service, 'default', 'acid-demo');
  const live = structuredClone(objects.get(key)) as KubeObject & { spec: Record<string, unknown> };
  live.spec['type'] = 'NodePort';
  if (by !== undefined) {
    live.metadata.managedFields = [
      { manager: 'pgherd', operation: 'Apply', time: '2026-01-01T00:00:00Z', fieldsV1: {} },
      { manager: by, operation: 'Update', time: '2026-01-02T00:00:00Z', fieldsV1: {} },
    ];
  }
  objects.set(key, live);
  return { ...observed, objects };
}

function deleted(): Observed {
  const observed = testObserved(desired);
  const objects = new Map(observed.objects);
  objects.delete(objectKey(kinds.service, 'default', 'acid-demo'));
  return { ...observed, objects };
}

const look = (memory: CorrectionMemory, observed: Observed, now = 0, objects = desired) =>
  temper(memory, objects, observed, planFor(objects, observed), now);

function settled(): CorrectionMemory {
  const memory = newCorrectionMemory();
  look(memory, testObserved(desired));
  return memory;
}

test('what somebody changed by hand is told with its fields and with who did it', () => {
  expect(look(settled(), edited('kubectl-edit')).drifts.map(({ message }) => message)).toEqual([
    'service acid-demo was changed by kubectl-edit and is put right: spec.type: NodePort → ClusterIP',
  ]);
  expect(look(settled(), edited()).drifts.map(({ message }) => message)).toEqual([
    'service acid-demo was changed by somebody and is put right: spec.type: NodePort → ClusterIP',
  ]);
  expect(look(settled(), deleted()).drifts.map(({ message }) => message)).toEqual([
    'service acid-demo was deleted by somebody and is made again',
  ]);
});

test('what the manifest changes is no drift, nor is anything before all stood once', () => {
  const other = render({
    manifest: testManifest({ serviceAnnotations: { a: '1' } }),
    configuration: testConfiguration(),
    remembered: testRemembered(),
  });
  expect(look(settled(), testObserved(desired), 0, other).drifts).toEqual([]);
  expect(look(newCorrectionMemory(), edited()).drifts).toEqual([]);
});

test('an object that others made and we have not written yet is no drift, unless our writing is undone', () => {
  const memory = settled();
  const observed = edited('Patroni');
  const service = observed.objects.get(objectKey(kinds.service, 'default', 'acid-demo')) as KubeObject;
  service.metadata.managedFields = [{ manager: 'Patroni', operation: 'Update', fieldsV1: {} }];
  const first = look(memory, observed);
  expect(stepsOf(first.plan)).toHaveLength(1);
  expect(first.drifts).toEqual([]);
  noteWrites(memory, stepsOf(first.plan), observed);
  expect(look(memory, observed).drifts).toHaveLength(1);
});

test('somebody who fights is met more and more slowly, and told so; others are not held up', () => {
  const memory = settled();
  const observed = edited('argocd');
  const warnings: (string | undefined)[] = [];
  const correct = (now: number) => {
    const { drifts, nextMs } = look(memory, observed, now);
    warnings.push(...drifts.map((drift) => noteCorrection(memory, drift, observed, now)));
    return nextMs;
  };
  expect([correct(0), correct(0), correct(0)]).toEqual([undefined, undefined, undefined]);
  const blocked = look(memory, observed, 0);
  expect(stepsOf(blocked.plan)[0]?.waitFor).toBe('nobody has changed it back for a while');
  expect([correct(0), correct(30_000), correct(30_000), correct(90_000)]).toEqual([
    30_000,
    undefined,
    60_000,
    undefined,
  ]);
  expect(warnings.map((warning) => warning?.match(/the (\d)th time.* it waits (\d+) s/)?.slice(1))).toEqual([
    undefined,
    undefined,
    ['3', '30'],
    ['4', '60'],
    ['5', '120'],
  ]);
});

test('what never stands because somebody undoes it at once is slowed down as well', () => {
  const memory = newCorrectionMemory();
  const observed = edited('webhook');
  const pass = () => {
    const { plan: todo, drifts, nextMs } = look(memory, observed);
    for (const drift of drifts) noteCorrection(memory, drift, observed, 0);
    if (nextMs === undefined) noteWrites(memory, stepsOf(todo), observed);
    return [drifts.length, nextMs];
  };
  expect([pass(), pass(), pass(), pass(), pass()]).toEqual([
    [0, undefined],
    [1, undefined],
    [1, undefined],
    [1, undefined],
    [0, 30_000],
  ]);
});

test('a delayed step comes after the others of its track', () => {
  const memory = settled();
  const observed = edited();
  for (let round = 0; round < 3; round += 1) {
    for (const drift of look(memory, observed).drifts) noteCorrection(memory, drift, observed, 0);
  }
  const objects = new Map(observed.objects);
  objects.delete(objectKey(kinds.service, 'default', 'acid-demo-repl'));
  const { plan: tempered, drifts } = look(memory, { ...observed, objects }, 1);
  expect(stepsOf(tempered).map(({ what }) => what)).toEqual([
    'create service acid-demo-repl',
    'update service acid-demo',
  ]);
  expect(drifts.map(({ step }) => step.what)).toEqual(['create service acid-demo-repl']);
});

test('after a quiet time it is put right at once again', () => {
  const memory = settled();
  const observed = edited();
  for (let round = 0; round < 3; round += 1) {
    for (const drift of look(memory, observed).drifts) noteCorrection(memory, drift, observed, 0);
  }
  expect(look(memory, observed, 1).nextMs).toBe(29_999);
  expect(look(memory, observed, 11 * 60_000).drifts).toHaveLength(1);
});

test('a clock that is set back delays nothing', () => {
  const memory = settled();
  const hour = 3_600_000;
  const [drift] = look(memory, edited(), 2 * hour).drifts;
  if (drift === undefined) throw new Error('no drift');
  noteCorrection(memory, drift, edited(), 2 * hour);
  look(memory, testObserved(desired), 2 * hour);
  expect(look(memory, edited(), hour)).toMatchObject({ nextMs: undefined, drifts: [{}] });
});

test('who fights over what is in a Secret is told of, and a rotation is no fight', () => {
  const contents = (why: string): Desired[] =>
    desired.map((each) => {
      if (each.object.metadata.name?.startsWith('foo-user.') !== true) return each;
      return {
        ...each,
        change: { what: 'update the Secret', why: [why], data: { uri: 'x' }, isRotation: false },
      };
    });
  const memory = settled();
  const pass = (why: string, now: number) => {
    const observed = testObserved(desired);
    const { plan: tempered, drifts, nextMs } = look(memory, observed, now, contents(why));
    const steps = stepsOf(tempered).filter(({ waitFor }) => waitFor === undefined);
    noteWrites(memory, steps, observed);
    for (const drift of drifts) noteCorrection(memory, drift, observed, now);
    return { written: steps.length, drifts: drifts.length, nextMs };
  };
  expect(pass('changed: uri', 0)).toEqual({ written: 1, drifts: 0, nextMs: undefined });
  for (const now of [1, 2, 3])
    expect(pass('changed: uri', now)).toEqual({ written: 1, drifts: 1, nextMs: undefined });
  expect(pass('changed: uri', 4)).toMatchObject({ written: 0, drifts: 0, nextMs: 29_999 });
  expect(pass('it was due at 2026-01-01T00:00:00Z', 5)).toEqual({ written: 1, drifts: 0, nextMs: undefined });
});
