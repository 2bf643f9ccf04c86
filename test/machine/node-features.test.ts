import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { persistentVolumeClaims, persistentVolumes, pods, storageClasses } from '@pgherd/kube/objects';
import type { Container, PersistentVolumeClaim } from '@pgherd/kube/objects';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { IMAGE, openNodeLab, script } from './node-lab.ts';
import type { NodeLab } from './node-lab.ts';

const soon = { timeout: 10_000, interval: 10 };
let lab: NodeLab;
beforeAll(async () => {
  lab = await openNodeLab('features', 73);
});
afterAll(() => lab?.cleanup());
afterEach(() => {
  for (const pod of lab.registry.list(pods).items) {
    lab.registry.delete(pods, 'default', pod.metadata.name ?? '', { gracePeriodSeconds: 0 });
  }
});

const main = (overrides: Partial<Container> = {}): Container => ({
  name: 'main',
  image: IMAGE,
  command: ['/bin/sleep', 'infinity'],
  ...overrides,
});
const statusOf = (name: string) => lab.get(name).status?.containerStatuses?.[0];

test('user, groups, capabilities, read-only root, no new privileges', async () => {
  lab.create('secured', {
    securityContext: {
      runAsUser: 101,
      runAsGroup: 103,
      supplementalGroups: [555],
      fsGroup: 103,
      runAsNonRoot: true,
    },
    volumes: [{ name: 'data', emptyDir: {} }],
    containers: [
      main({
        securityContext: {
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      }),
    ],
  });
  await lab.ready('secured');
  const { out } = await lab.sh(
    'secured',
    'id -u; id -g; id -G; touch /x 2>&1; touch /data/y; stat -c "%u %g" /data/y; grep -E "CapBnd|NoNewPrivs" /proc/1/status',
  );
  expect(out).toMatch(/^101\n103\n.*\b555\b.*\n/);
  expect(out).toMatch(/Read-only file system/);
  expect(out).toMatch(/\n101 103\n/);
  expect(out).toMatch(/CapBnd:\t0+\nNoNewPrivs:\t1\n/);
});

test('runAsNonRoot refuses an image that would run as root', async () => {
  lab.create('rootless', { securityContext: { runAsNonRoot: true }, containers: [main()] });
  await lab.until(
    'rootless',
    () => statusOf('rootless')?.state?.waiting?.reason === 'CreateContainerConfigError',
  );
  expect(statusOf('rootless')?.state?.waiting?.message).toMatch(
    /^container has runAsNonRoot and image will run as root/,
  );
});

test('a memory limit ends the container', async () => {
  lab.create('greedy', {
    restartPolicy: 'Never',
    containers: [
      main({
        command: ['/usr/bin/perl', '-e', '$x = "x" x 200_000_000; sleep 100'],
        resources: { limits: { memory: '32Mi', cpu: '500m' } },
      }),
    ],
  });
  await lab.until('greedy', (pod) => pod.status?.phase === 'Failed');
  const id = statusOf('greedy')?.containerID?.split('//')[1];
  // podman 4 does not notice it under cgroup v1; then the reason is the exit code's.
  const { State } = await lab.engine.request<{ State: { OOMKilled: boolean } }>(
    'GET',
    `/containers/${id}/json`,
  );
  expect(statusOf('greedy')?.state?.terminated).toMatchObject({
    exitCode: 137,
    reason: State.OOMKilled ? 'OOMKilled' : 'Error',
  });
});

test('a sidecar starts before and ends after the pod’s own containers', async () => {
  const log =
    'echo $NAME up >> /scratch/log; trap "echo $NAME down >> /scratch/log; exit 0" TERM; touch /tmp/up; sleep infinity & wait';
  const container = (name: string, more: object = {}) =>
    ({
      name,
      image: IMAGE,
      command: script(log),
      env: [{ name: 'NAME', value: name }],
      volumeMounts: [{ name: 'work', mountPath: '/scratch' }],
      ...more,
    }) as Container;
  lab.create('escorted', {
    terminationGracePeriodSeconds: 20,
    volumes: [
      { name: 'work', hostPath: { path: `${lab.instance.home}/escorted`, type: 'DirectoryOrCreate' } },
    ],
    initContainers: [
      container('side', {
        restartPolicy: 'Always',
        startupProbe: { exec: { command: ['test', '-e', '/tmp/up'] }, periodSeconds: 1, timeoutSeconds: 5 },
      }),
    ],
    containers: [
      container('main', {
        readinessProbe: { exec: { command: ['test', '-e', '/tmp/up'] }, periodSeconds: 1, timeoutSeconds: 5 },
      }),
    ],
  });
  await lab.ready('escorted');
  lab.registry.delete(pods, 'default', 'escorted');
  await lab.gone('escorted');
  const text = readFileSync(`${lab.instance.home}/escorted/log`, 'utf8');
  expect(text).toBe('side up\nmain up\nmain down\nside down\n');
  execFileSync('rm', ['-r', `${lab.instance.home}/escorted`]);
});

test('a claim of a waiting class: the node is chosen, then the pod waits until it is bound', async () => {
  lab.registry.create(storageClasses, undefined, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'later' },
    provisioner: 'example.com/nobody',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'later',
      resources: { requests: { storage: '1Gi' } },
    },
  };
  lab.registry.create(persistentVolumeClaims, 'default', claim);
  lab.create('stored', {
    securityContext: { fsGroup: 103 },
    volumes: [{ name: 'pgdata', persistentVolumeClaim: { claimName: 'data' } }],
    containers: [
      main({
        securityContext: { runAsUser: 101 },
        volumeMounts: [{ name: 'pgdata', mountPath: '/home/postgres/pgdata', subPathExpr: '$(WHO)' }],
        env: [{ name: 'WHO', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      }),
    ],
  });
  const find = (): PersistentVolumeClaim =>
    lab.registry.get(persistentVolumeClaims, 'default', 'data') as PersistentVolumeClaim;
  await vi.waitFor(
    () => expect(find().metadata.annotations?.['volume.kubernetes.io/selected-node']).toBe('test-node'),
    soon,
  );
  expect(lab.get('stored').spec?.nodeName).toBeUndefined();
  const path = `${lab.instance.home}/volumes-of-test`;
  lab.registry.create(persistentVolumes, undefined, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'pv-data' },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'later',
      hostPath: { path, type: 'DirectoryOrCreate' },
      claimRef: { namespace: 'default', name: 'data', uid: find().metadata.uid },
    },
  });
  lab.registry.patch(persistentVolumeClaims, 'default', 'data', 'application/merge-patch+json', {
    spec: { volumeName: 'pv-data' },
  });
  const bound = { ...find(), status: { phase: 'Bound' } };
  lab.registry.update(persistentVolumeClaims, 'default', 'data', bound, { subresource: 'status' });
  await lab.ready('stored');
  expect(
    await lab.sh('stored', 'cd /home/postgres/pgdata; mkdir pgroot; chmod 700 pgroot; stat -c "%u:%g %a" .'),
  ).toMatchObject({
    code: 0,
    out: '0:103 2775\n',
  });
  lab.registry.delete(pods, 'default', 'stored');
  await lab.gone('stored');
  expect(execFileSync('ls', [`${path}/stored`]).toString()).toBe('pgroot\n');
  execFileSync('rm', ['-r', path]);
});

test('a terminal has its size, and a failed postStart hook ends the container', async () => {
  lab.create('terminal');
  lab.create('hooked', {
    containers: [main({ lifecycle: { postStart: { exec: { command: script('exit 1') } } } })],
  });
  await lab.ready('terminal');
  const { PassThrough } = await import('node:stream');
  const stdout = new PassThrough();
  let text = '';
  stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  let resize: ((columns: number, rows: number) => void) | undefined;
  const code = lab.agent.exec('default', 'terminal', {
    command: script(
      'test -t 0 && until test "$(stty size)" = "40 132"; do sleep 0.05; done; stty size; exit 5',
    ),
    tty: true,
    stdin: new PassThrough(),
    stdout,
    onResize: (listener) => (resize = listener),
    signal: AbortSignal.timeout(15_000),
  });
  await vi.waitFor(() => expect(resize).toBeDefined(), soon);
  resize?.(132, 40);
  expect(await code).toBe(5);
  expect(text.trim()).toBe('40 132');
  await vi.waitFor(() => {
    expect(lab.events('hooked').map((each) => each.reason)).toContain('FailedPostStartHook');
  }, soon);
});

test('exec errors: no such command, no such container, no such pod', async () => {
  lab.create('errors', { containers: [main(), main({ name: 'other' })] });
  await lab.ready('errors');
  const exec = (container: string, command: string[], pod = 'errors') =>
    lab.agent.exec('default', pod, { container, command, tty: false, signal: AbortSignal.timeout(10_000) });
  expect(await exec('main', ['/no/such/program'])).toBe(127);
  await expect(exec('third', ['true'])).rejects.toMatchObject({
    code: 400,
    message: 'container third is not valid for pod errors',
  });
  await expect(exec('', ['true'])).rejects.toThrow(
    'a container name must be specified for pod errors, choose one of: [main other]',
  );
  await expect(exec('main', ['true'], 'nobody')).rejects.toMatchObject({ code: 404 });
});

test('our podman service is started again when it was killed; pods do not notice', async () => {
  lab.create('unmoved');
  const before = await lab.ready('unmoved');
  if (!lab.engine.own) return;
  process.kill(Number(readFileSync(`${lab.instance.home}/run/podman.pid`, 'utf8')), 'SIGKILL');
  lab.create('afterwards');
  await lab.ready('afterwards');
  expect(lab.get('unmoved').status?.containerStatuses).toEqual(before.status?.containerStatuses);
});

test('a sandbox that dies is made again, and the pod gets a new address', async () => {
  lab.create('uprooted');
  await lab.ready('uprooted');
  const filters = encodeURIComponent(
    JSON.stringify({ label: [`pgherd.dev/instance=${lab.instance.id}`, 'pgherd.dev/pod-name=uprooted'] }),
  );
  const found = await lab.engine.request<{ Id: string; Labels: Record<string, string> }[]>(
    'GET',
    `/containers/json?filters=${filters}`,
  );
  const sandbox = found.find((each) => each.Labels['pgherd.dev/container'] === undefined);
  await lab.engine.request('POST', `/containers/${sandbox?.Id}/kill?signal=SIGKILL`);
  await lab.until(
    'uprooted',
    () => statusOf('uprooted')?.restartCount === 1 && statusOf('uprooted')?.ready === true,
  );
  const { out } = await lab.sh('uprooted', 'cat /etc/hosts');
  expect(out).toContain(`${lab.get('uprooted').status?.podIP}\tuprooted\n`);
  expect(lab.events('uprooted').map((each) => each.reason)).toContain('SandboxChanged');
});

test('cut off from the API server, the agent restarts what ends, and ends what was deleted when it hears of it', async () => {
  lab.create('alone', {
    containers: [
      main({ env: [{ name: 'KEY', valueFrom: { configMapKeyRef: { name: 'alone', key: 'key' } } }] }),
    ],
  });
  lab.registry.create({ group: '', version: 'v1', plural: 'configmaps' }, 'default', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'alone' },
    data: { key: 'kept' },
  });
  await lab.ready('alone');
  const before = lab.get('alone').status;
  const running = async (): Promise<string[]> => {
    const labels = [
      `pgherd.dev/instance=${lab.instance.id}`,
      'pgherd.dev/pod-name=alone',
      'pgherd.dev/container=main',
    ];
    const filters = encodeURIComponent(JSON.stringify({ label: labels }));
    const found = await lab.engine.request<{ Id: string }[]>('GET', `/containers/json?filters=${filters}`);
    return found.map(({ Id }) => Id);
  };
  const [first = ''] = await running();
  lab.link.cut();
  await lab.engine.request('POST', `/containers/${first}/kill?signal=SIGKILL`);
  await vi.waitFor(async () => {
    const now = await running();
    expect(now).toHaveLength(1);
    expect(now).not.toEqual([first]);
  }, soon);
  // Nobody has heard of it.
  expect(lab.get('alone').status).toEqual(before);

  lab.link.heal();
  await lab.until('alone', () => statusOf('alone')?.restartCount === 1 && statusOf('alone')?.ready === true);
  expect((await lab.sh('alone', 'echo $KEY')).out).toBe('kept\n');

  lab.link.cut();
  lab.registry.delete(pods, 'default', 'alone');
  lab.registry.delete(pods, 'default', 'alone', { gracePeriodSeconds: 0 });
  expect(await running()).toHaveLength(1);
  lab.link.heal();
  await vi.waitFor(async () => expect(await running()).toEqual([]), soon);
});
