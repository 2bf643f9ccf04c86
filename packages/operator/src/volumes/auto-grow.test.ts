import type { Postgresql } from '@pgherd/api';
import { expect, test } from 'vitest';
import { volumeNotices } from '../reconcile/volume-notices.ts';
import { testClaim, type TestClaim } from '../testing/claims.ts';
import { testConfiguration, testManifest, testObserved } from '../testing/cluster.ts';
import { autoGrowth, grownAtAnnotation } from './auto-grow.ts';
import type { Usage } from './usage.ts';

type Wanted = NonNullable<Postgresql['spec']['volume']['autoGrow']>;

const Gi = 1024 ** 3;
const now = Date.parse('2026-01-02T00:00:00Z');

const usage = (percent: number, size = Gi, at = now): Usage => ({
  size,
  used: (size * percent) / 100,
  free: (size * (100 - percent)) / 100,
  wal: undefined,
  at,
});

function grown(wanted: Wanted, usages: Usage[], claims: TestClaim[] = [{}, { ordinal: 1 }]) {
  const manifest = testManifest({ numberOfInstances: 2, volume: { size: '1Gi', autoGrow: wanted } });
  const observed = testObserved(claims.map(testClaim), [], {
    usage: new Map(usages.map((each, ordinal) => [`acid-demo-${ordinal}`, each])),
  });
  const { growths, capped } = autoGrowth(manifest, observed, now);
  return {
    sizes: Object.fromEntries([...growths].map(([name, { size }]) => [name, size])),
    why: [...new Set([...growths.values()].map(({ why }) => why))],
    annotations: [...growths.values()].flatMap(({ annotations = {} }) => Object.entries(annotations)),
    capped,
    notices: volumeNotices(manifest, testConfiguration(), observed).map(({ field }) => field),
  };
}

const on: Wanted = { enabled: true, max: '10Gi' };
const bothAt = (size: string) => ({ 'pgdata-acid-demo-0': size, 'pgdata-acid-demo-1': size });

test('spec.volume.autoGrow.enabled: all members grow as soon as the volume of one is low', () => {
  const result = grown(on, [usage(20), usage(80)]);
  expect(result.sizes).toEqual(bothAt('1229Mi'));
  expect(result.why).toEqual(['autoGrow: 80 % of pgdata-acid-demo-1 used']);
  expect(result.annotations).toContainEqual([grownAtAnnotation, '2026-01-02T00:00:00.000Z']);
  expect(grown({ ...on, enabled: false }, [usage(99)]).sizes).toEqual({});
  expect(grown(on, [usage(79), usage(79)]).sizes).toEqual({});
});

test('spec.volume.autoGrow.threshold: a percentage used, or an amount free', () => {
  expect(grown({ ...on, threshold: '50%' }, [usage(50)]).sizes).not.toEqual({});
  expect(grown({ ...on, threshold: '50%' }, [usage(49)]).sizes).toEqual({});
  expect(grown({ ...on, threshold: '256Mi' }, [usage(75)]).sizes).not.toEqual({});
  expect(grown({ ...on, threshold: '256Mi' }, [usage(74)]).sizes).toEqual({});
});

test('spec.volume.autoGrow.step: a percentage or an amount, in whole units', () => {
  expect(grown({ ...on, step: '100%' }, [usage(90)]).sizes).toEqual(bothAt('2Gi'));
  expect(grown({ ...on, step: '3Gi' }, [usage(90)]).sizes).toEqual(bothAt('4Gi'));
  const large = [{ asks: '20Gi', has: '20Gi' }];
  expect(grown({ ...on, max: '1Ti' }, [usage(90, 20 * Gi)], large).sizes).toEqual({
    'pgdata-acid-demo-0': '24Gi',
  });
});

test('spec.volume.autoGrow.max: growth ends there, and that is told', () => {
  expect(grown({ ...on, max: '1100Mi' }, [usage(90)])).toMatchObject({
    sizes: bothAt('1100Mi'),
    capped: [],
    notices: [],
  });
  expect(grown({ ...on, max: '1Gi' }, [usage(90)])).toMatchObject({
    sizes: {},
    capped: ['pgdata-acid-demo-0'],
    notices: ['spec.volume.autoGrow.max'],
  });
});

test('spec.volume.autoGrow.minInterval: not again before, whatever this process remembers', () => {
  const annotations = { [grownAtAnnotation]: '2026-01-01T23:30:00Z' };
  const claims = [{ annotations }, { ordinal: 1, annotations }];
  expect(grown({ ...on, minInterval: '1h' }, [usage(90)], claims).sizes).toEqual({});
  expect(grown({ ...on, minInterval: '30m' }, [usage(90)], claims).sizes).toEqual(bothAt('1229Mi'));
});

test('what grows at the moment is waited for, and old samples say nothing', () => {
  expect(grown(on, [usage(95)], [{ asks: '2Gi' }, { ordinal: 1 }]).sizes).toEqual({});
  expect(grown(on, [usage(95, Gi, now - 3_600_000)]).sizes).toEqual({});
});

test('a disk that is shared with others is not what the claim could change', () => {
  expect(grown(on, [usage(95, 500 * Gi)]).sizes).toEqual({});
});

test('a new member gets what the others have grown to; a manifest with less is no shrinking', () => {
  const claims = [{ asks: '4Gi', has: '4Gi' }, { ordinal: 1 }];
  expect(grown(on, [usage(10, 4 * Gi)], claims)).toMatchObject({
    sizes: { 'pgdata-acid-demo-1': '4Gi' },
    annotations: [],
    notices: [],
  });
});
