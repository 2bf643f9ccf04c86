import type { Postgresql } from '@pgherd/api';
import { silentLogger, type Pod } from '@pgherd/kube/objects';
import { afterEach, expect, test } from 'vitest';
import { testConfiguration, testManifest, testPod } from '../testing/cluster.ts';
import { ManualClock } from '@pgherd/kube/testing';
import { VolumeWatch } from './volume-watch.ts';

const Gi = 1024 ** 3;

const ends: AbortController[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end.abort();
});

interface Lab {
  watch: VolumeWatch;
  clock: ManualClock;
  /** What was run, by pod. */
  commands: { pod: string; command: string }[];
  enqueued: string[];
  used: Record<string, number>;
  pods: Pod[];
  manifests: Postgresql[];
}

interface Situation {
  size?: number;
  braked?: boolean;
  spec?: Partial<Postgresql['spec']>;
  used?: Record<string, number>;
}

const tenth = { 'acid-demo-0': 10 * Gi, 'acid-demo-1': 10 * Gi };

/** It begins to look at once. */
function start({ size = 100 * Gi, braked = false, spec = {}, used: first = tenth }: Situation = {}): Lab {
  const clock = new ManualClock();
  const lab: Omit<Lab, 'watch'> = {
    clock,
    commands: [],
    enqueued: [],
    used: { ...first },
    pods: [testPod({ ordinal: 0, role: 'primary' }), testPod({ ordinal: 1 })],
    manifests: [testManifest(spec)],
  };
  const watch = new VolumeWatch({
    client: {
      exec: async ({ name }, { command }) => {
        lab.commands.push({ pod: name, command: command.join(' ') });
        const used = lab.used[name];
        if (used === undefined) throw new Error('no answer');
        const stdout = `Filesystem 1-blocks Used Available Capacity Mounted\n/dev/x ${size} ${used} ${size - used} 1% /x\n`;
        return { exitCode: 0, stdout, stderr: '' };
      },
    },
    configuration: () => testConfiguration(),
    manifests: () => lab.manifests,
    manifest: (_namespace, name) => lab.manifests.find(({ metadata }) => metadata.name === name),
    podsOf: () => lab.pods,
    isBraked: () => braked,
    enqueue: (key) => lab.enqueued.push(key),
    clock,
    log: silentLogger,
  });
  const end = new AbortController();
  ends.push(end);
  void watch.run(end.signal);
  return Object.assign(lab, { watch });
}

const looksAt = ({ commands }: Lab, pod: string): number =>
  commands.filter((each) => each.pod === pod && each.command.includes('df -P')).length;

test('every member is looked at, and seldom while there is much room', async () => {
  const lab = start();
  await lab.clock.advance(290_000);
  expect([looksAt(lab, 'acid-demo-0'), looksAt(lab, 'acid-demo-1')]).toEqual([1, 1]);
  await lab.clock.advance(20_000);
  expect([looksAt(lab, 'acid-demo-0'), looksAt(lab, 'acid-demo-1')]).toEqual([2, 2]);
  const { usage } = lab.watch.usageOf('default', 'acid-demo');
  expect([...usage].map(([pod, { used }]) => [pod, used])).toEqual([
    ['acid-demo-0', 10 * Gi],
    ['acid-demo-1', 10 * Gi],
  ]);
  // Once, so that the status has it.
  expect(lab.enqueued).toEqual(['default/acid-demo', 'default/acid-demo']);
});

test('the fuller, the more often', async () => {
  const lab = start({ size: 11 * Gi });
  await lab.clock.advance(60_000);
  const before = looksAt(lab, 'acid-demo-0');
  expect(before).toBeGreaterThan(2);
  lab.used['acid-demo-0'] = 10.9 * Gi;
  await lab.clock.advance(20_000);
  const at = looksAt(lab, 'acid-demo-0');
  await lab.clock.advance(20_000);
  expect(looksAt(lab, 'acid-demo-0') - at).toBeGreaterThan(15);
});

test('a cluster is looked at as long as a volume is low, and once more when it is no longer', async () => {
  const autoGrow = { enabled: true, max: '1Ti', threshold: '5%' };
  const lab = start({ spec: { volume: { size: '100Gi', autoGrow } } });
  await lab.clock.advance(1_000);
  lab.enqueued.length = 0;
  await lab.clock.advance(310_000);
  expect(lab.enqueued).toHaveLength(2);
  lab.used = { 'acid-demo-0': Gi, 'acid-demo-1': Gi };
  await lab.clock.advance(310_000);
  expect(lab.enqueued).toHaveLength(4);
  await lab.clock.advance(310_000);
  expect(lab.enqueued).toHaveLength(4);
});

test('who writes although writes are stopped is ended, in the pod that is full only', async () => {
  const lab = start({ braked: true, used: { ...tenth, 'acid-demo-0': 99.99 * Gi } });
  await lab.clock.advance(3_000);
  const ended = lab.commands.filter(({ command }) => command.includes('pg_terminate_backend'));
  expect(new Set(ended.map(({ pod }) => pod))).toEqual(new Set(['acid-demo-0']));
});

test('one pod that does not answer keeps no other from being looked at, and is tried again later', async () => {
  const lab = start({ used: { 'acid-demo-1': 10 * Gi } });
  await lab.clock.advance(9_000);
  expect([looksAt(lab, 'acid-demo-0'), looksAt(lab, 'acid-demo-1')]).toEqual([1, 1]);
  expect([...lab.watch.usageOf('default', 'acid-demo').usage.keys()]).toEqual(['acid-demo-1']);
  await lab.clock.advance(2_000);
  expect(looksAt(lab, 'acid-demo-0')).toBe(2);
  await lab.clock.advance(3600_000);
  expect(looksAt(lab, 'acid-demo-0')).toBeLessThan(20);
});

test('a cluster whose writes are stopped is looked at when its volume cannot be, so that it is let go in time', async () => {
  const lab = start({ braked: true, used: {} });
  await lab.clock.advance(900_000);
  expect(lab.enqueued.length).toBeGreaterThan(3);
  const other = start({ used: {} });
  await other.clock.advance(900_000);
  expect(other.enqueued).toEqual([]);
});

test('a pod that does not run is not asked; of a cluster that is gone nothing is kept', async () => {
  const lab = start();
  lab.pods = [testPod({ ordinal: 0, role: 'primary', running: false })];
  await lab.clock.advance(5_000);
  expect(lab.commands.filter(({ pod }) => pod === 'acid-demo-0')).toHaveLength(1);
  lab.manifests = [];
  await lab.clock.advance(2_000);
  expect(lab.watch.list()).toEqual([]);
});
