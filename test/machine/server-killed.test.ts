import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { connect, type Client } from '@pgherd/kube/client';
import { pods, services, type Pod, type PodSpec } from '@pgherd/kube/objects';
import { instanceId } from '@pgherd/local/instance';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { pgherd, removeInstance, run, startInstance, suiteHome } from '../support/instance.ts';
import { testImage } from '../support/test-image.ts';

/** The real server process is killed with SIGKILL, as a user's machine or a user does it, and started again. */

const home = suiteHome('server-killed');
const namespace = 'default';
const id = instanceId(home);
let client: Client;
let image: string;

async function up(): Promise<void> {
  const kubeconfig = await startInstance(home, { operator: false });
  client?.close();
  ({ client } = await connect({ kubeconfig }));
}

/** The process that holds the home's lock. */
const serverPid = (): number =>
  (JSON.parse(readFileSync(join(home, 'server.json'), 'utf8')) as { pid: number }).pid;

const killServer = (): void => void process.kill(serverPid(), 'SIGKILL');

beforeAll(async () => {
  await removeInstance(home);
  image = await testImage();
  await up();
  await createBystanders();
});
afterAll(async () => {
  client?.close();
  await removeInstance(home);
});

const sh = (text: string): string[] => ['/bin/sh', '-c', text];

async function create(name: string, command: string[], spec: Partial<PodSpec> = {}): Promise<Pod> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image, command }],
      ...spec,
    },
  };
  return eventually(`pod ${name} is accepted`, () => client.create(pods, pod as Pod), { timeoutMs: 10_000 });
}

const get = (name: string): Promise<Pod> => client.get(pods, { namespace, name });

const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') === true;

const ready = (name: string): Promise<Pod> =>
  eventually(`pod ${name} is ready`, async () => {
    const pod = await get(name);
    return isReady(pod) && pod;
  });

const gone = (name: string): Promise<true> =>
  eventually(`pod ${name} is gone`, async () => {
    const { items } = await client.list(pods, { namespace });
    return items.every((pod) => pod.metadata.name !== name);
  });

const exec = async (name: string, text: string): Promise<string> => {
  const result = await client.exec({ namespace, name }, { command: sh(text) });
  if (result.exitCode !== 0) throw new Error(`exit code ${result.exitCode}: ${result.stderr}`);
  return result.stdout.trim();
};

/** What identifies a run of a pod: another container, address or restart is another text. */
const identity = (pod: Pod): string =>
  JSON.stringify([
    pod.metadata.uid,
    pod.status?.podIP,
    pod.status?.containerStatuses?.map((each) => [each.containerID, each.restartCount]),
  ]);

interface Listed {
  Id: string;
  Labels: Record<string, string>;
}

/** All containers of the instance that the engine has, however it was asked to make them. */
function containers(): Listed[] {
  const filter = `label=pgherd.dev/instance=${id}`;
  const text = execFileSync('podman', ['ps', '--all', '--format', 'json', '--filter', filter]);
  return JSON.parse(text.toString()) as Listed[];
}

const mounts = (): string[] =>
  readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(`${home}/pods/`));

const directories = (): string[] => (existsSync(join(home, 'pods')) ? readdirSync(join(home, 'pods')) : []);

const tables = (): string[] =>
  execFileSync('nft', ['list', 'tables'])
    .toString()
    .split('\n')
    .filter((line) => line.includes(id));

/** Nothing of pods is left that do not exist: containers, mounts, directories. */
async function expectOnly(names: string[]): Promise<void> {
  const { items } = await client.list(pods, { namespace });
  expect(new Set(items.map((pod) => pod.metadata.name))).toEqual(new Set(names));
  const uids = new Set(items.map((pod) => pod.metadata.uid));
  await eventually('nothing is left of pods that are gone', () => {
    const strangers = containers().filter(({ Labels }) => !uids.has(Labels['pgherd.dev/pod-uid']));
    const left = directories().filter((uid) => !uids.has(uid));
    if (strangers.length + left.length > 0) {
      throw new Error(`containers ${strangers.map((each) => each.Id).join()}, directories ${left.join()}`);
    }
    return true;
  });
  // A sandbox and a container for each.
  expect(containers()).toHaveLength(2 * items.length);
  expect(mounts().filter((line) => ![...uids].some((uid) => line.includes(uid ?? '')))).toEqual([]);
}

/** Connects to port 80 and reads until the other side closes; throws when that is something else. */
async function hears(host: string, wanted: string): Promise<true> {
  let text = '';
  for await (const chunk of connectSocket({ host, port: 80 }).setTimeout(2000)) text += String(chunk);
  if (text !== wanted) throw new Error(`it said ${text}`);
  return true;
}

const listen = sh('while true; do echo hello | nc -l -p 8080; done');
const memory: Partial<PodSpec> = {
  volumes: [{ name: 'm', emptyDir: { medium: 'Memory' } }],
};

/** Two pods and a Service that are there in all tests. */
async function createBystanders(): Promise<void> {
  await client.create(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  });
  await create('web', listen);
  await create('talker', sh('trap "exit 0" TERM; while true; do echo tick; sleep 0.2; done'), memory);
  await ready('web');
  await ready('talker');
}

test('pods, Services and what is known of them survive a server that is killed again and again', async () => {
  const before = [await ready('web'), await ready('talker')].map(identity);
  const clusterIp = (await client.get(services, { namespace, name: 'web' })).spec?.clusterIP ?? '';
  const answer = (): Promise<true> => hears(clusterIp, 'hello\n');
  await eventually('the Service answers', answer);
  const tablesBefore = tables();

  for (let round = 0; round < 4; round++) {
    killServer();
    // Nobody serves now, and still the kernel does. The listener in the pod takes a moment between two connections.
    await eventually('the Service still answers', answer);
    // Each time at another moment of the start, the last one comes up undisturbed.
    if (round < 3) {
      const early = run(pgherd, ['local', 'up', '--no-operator', '--home', home]);
      await eventually('a server starts', () => {
        const pid = serverPid();
        return existsSync(`/proc/${pid}`) && pid;
      });
      if (round > 0) await eventually('its API answers', () => client.list(pods, { namespace }));
      if (round > 1) await exec('web', 'true');
      killServer();
      await early;
    }
    await up();
    expect(await exec('talker', 'nslookup web.default.svc.cluster.local.')).toContain(clusterIp);
    const log = await client.logs({ namespace, name: 'talker' }, { tailLines: 1 });
    let text = '';
    for await (const chunk of log) text += String(chunk);
    expect(text).toBe('tick\n');
    const now = [await ready('web'), await ready('talker')].map(identity);
    expect(now).toEqual(before);
  }
  await expectOnly(['talker', 'web']);
  expect(tables()).toEqual(tablesBefore);
});

test('killed while pods are started: each runs once in the end, nothing is left over', async () => {
  const names = ['s0', 's1', 's2', 's3'];
  for (let round = 0; round < 2; round++) {
    await Promise.all(names.map((name) => create(name, ['/bin/sleep', '1000'], memory)));
    if (round === 0) await eventually('a container is made', () => containers().length > 4);
    else
      await eventually('a pod is ready', async () =>
        (await client.list(pods, { namespace })).items.some(
          (pod) => pod.metadata.name?.startsWith('s') && isReady(pod),
        ),
      );
    killServer();
    await up();
    for (const name of names) {
      const pod = await ready(name);
      expect(pod.status?.containerStatuses?.[0]?.restartCount).toBe(0);
    }
    await expectOnly(['talker', 'web', ...names]);
    await Promise.all(names.map((name) => client.delete(pods, { namespace, name })));
    await Promise.all(names.map(gone));
    await expectOnly(['talker', 'web']);
  }
});

test('killed while a pod is stopped: it gets its grace, and is gone then', async () => {
  await create('slow', sh('trap "sleep 2; echo ended; exit 0" TERM; while true; do sleep 0.1; done'), {
    terminationGracePeriodSeconds: 20,
  });
  await create('deaf', ['/bin/sleep', '1000'], { terminationGracePeriodSeconds: 2 });
  await ready('slow');
  await ready('deaf');
  await Promise.all(['slow', 'deaf'].map((name) => client.delete(pods, { namespace, name })));
  killServer();
  await up();
  expect([await gone('slow'), await gone('deaf')]).toEqual([true, true]);
  await expectOnly(['talker', 'web']);
});

test('deleted without grace and killed at once: the containers do not outlive the pod', async () => {
  await create('brief', ['/bin/sleep', '1000'], memory);
  await ready('brief');
  await client.delete(pods, { namespace, name: 'brief' }, { gracePeriodSeconds: 0 });
  killServer();
  await up();
  await expectOnly(['talker', 'web']);
  expect(directories()).toHaveLength(2);
});

test('two that start at once make one server; down ends every pod with its grace; up brings them back', async () => {
  killServer();
  const both = await Promise.all(
    [1, 2].map(() => run(pgherd, ['local', 'up', '--no-operator', '--home', home])),
  );
  expect(both.map(({ code, stderr }) => ({ code, stderr }))).toEqual([
    { code: 0, stderr: '' },
    { code: 0, stderr: '' },
  ]);
  await up();
  await create('polite', [], {
    terminationGracePeriodSeconds: 20,
    containers: [
      {
        name: 'main',
        image,
        command: sh('trap "echo term >> /witness/file; exit 0" TERM; while true; do sleep 0.1; done'),
        lifecycle: { preStop: { exec: { command: sh('echo hook >> /witness/file') } } },
        volumeMounts: [{ name: 'w', mountPath: '/witness' }],
      },
    ],
    volumes: [{ name: 'w', emptyDir: {} }],
  });
  const polite = await ready('polite');
  const down = run(pgherd, ['local', 'down', '--home', home]);
  // Asked for while it is going down, it comes up afterwards.
  await eventually('it is stopping', () =>
    /"stopping":true/.test(readFileSync(join(home, 'server.json'), 'utf8')),
  );
  const again = run(pgherd, ['local', 'up', '--no-operator', '--home', home]);
  expect(await down).toMatchObject({ code: 0, stderr: '' });
  expect(await again).toMatchObject({ code: 0, stderr: '' });
  await up();
  const witness = join(home, 'pods', polite.metadata.uid ?? '');
  const found = execFileSync('find', [witness, '-path', '*w/file']).toString().trim();
  expect(readFileSync(found, 'utf8')).toBe('hook\nterm\n');
  for (const name of ['polite', 'talker', 'web']) await ready(name);
  await expectOnly(['polite', 'talker', 'web']);
});

test('reset leaves nothing, also when server and engine were killed', async () => {
  killServer();
  const podman = Number(readFileSync(join(home, 'run', 'podman.pid'), 'utf8'));
  process.kill(podman, 'SIGKILL');
  const { code, stderr } = await run(pgherd, ['local', 'reset', '--yes', '--home', home]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect([containers(), mounts(), tables(), existsSync(home)]).toEqual([[], [], [], false]);
});
