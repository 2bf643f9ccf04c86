import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { silentLogger, systemClock } from '@pgherd/kube/objects';
import { pods } from '@pgherd/kube/objects';
import type { Event, Pod, PodSpec } from '@pgherd/kube/objects';
import { createTokenIssuer, ensurePki } from '@pgherd/local/auth';
import { connectEngine, probeHost, stopPodmanService } from '@pgherd/local/engine';
import type { ConnectedEngine } from '@pgherd/local/engine';
import { instanceId } from '@pgherd/local/instance';
import type { Instance } from '@pgherd/local/instance';
import { ApiLink, LABEL, startNodeAgent, unmountAll } from '@pgherd/local/node';
import type { NodeAgent } from '@pgherd/local/node';
import { openRegistry } from '@pgherd/local/registry';
import type { LocalRegistry } from '@pgherd/local/registry';
import { startScheduler } from '@pgherd/local/scheduler';
import { vi } from 'vitest';

/** Debian's own shell, tools and perl, packed from the host: no image registry is needed. */
export const IMAGE = 'localhost/pgherd-test-node:2';
const PACKAGES =
  'base-files base-passwd dash bash coreutils perl-base libc6 grep sed hostname libacl1 libattr1 libgmp10 libselinux1 libpcre2-8-0 libtinfo6 libcrypt1'.split(
    ' ',
  );

export interface NodeLab {
  instance: Instance;
  /** The API server's own; the agent's way there is the link. */
  registry: LocalRegistry;
  link: ApiLink;
  engine: ConnectedEngine;
  agent: NodeAgent;
  /** Makes a pod in namespace `default`; `spec` goes over the defaults of a container that sleeps. */
  create(name: string, spec?: Partial<PodSpec>, metadata?: object): Pod;
  get(name: string): Pod;
  events(name: string): Event[];
  /** Waits until the pod is as the condition says. */
  until(name: string, what: (pod: Pod) => boolean, timeoutMs?: number): Promise<Pod>;
  ready(name: string): Promise<Pod>;
  gone(name: string): Promise<void>;
  /** Exit code and output of a command in the pod. */
  sh(name: string, script: string, container?: string): Promise<{ code: number; out: string; err: string }>;
  logs(name: string, options?: object): Promise<string>;
  /** A new agent over the same registry and containers, as after a crash. */
  restartAgent(): Promise<void>;
  cleanup(): Promise<void>;
}

/** A shell script as the container's command. */
export const script = (text: string): string[] => ['/bin/sh', '-c', text];

export const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') === true;

/** An agent with a registry, a podman service and a network of its own. `name` keeps test files apart. */
export async function openNodeLab(name: string, octet: number): Promise<NodeLab> {
  const home = join(tmpdir(), `pgherd-test-node-${name}`);
  const id = instanceId(home);
  const { facts } = await probeHost();
  mkdirSync(home, { recursive: true });
  const engine = await connectEngine({ home, facts, log: silentLogger });
  await removeLeftovers(engine, id);
  await unmountAll(home);
  for (const part of ['pods', 'state.db', 'state.db-wal', 'state.db-shm']) {
    rmSync(join(home, part), { recursive: true, force: true });
  }
  const instance: Instance = {
    id,
    home,
    apiPort: 0,
    networkName: `pgherd-${id}`,
    bridgeName: `pgh${id}`,
    podSubnet: `10.219.${octet}.0/24`,
    gateway: `10.219.${octet}.1`,
    serviceSubnet: `10.220.${octet}.0/24`,
    kubernetesServiceIp: `10.220.${octet}.1`,
    nodeName: 'test-node',
  };
  await engine.request('POST', '/networks/create', {
    Name: instance.networkName,
    Driver: 'bridge',
    Labels: { [LABEL.instance]: id },
    IPAM: { Config: [{ Subnet: instance.podSubnet, Gateway: instance.gateway }] },
  });
  await ensureNodeImage(engine);

  const registry = openRegistry({ path: join(home, 'state.db'), serviceSubnet: instance.serviceSubnet });
  for (const [resource, object] of [
    ['serviceaccounts', { kind: 'ServiceAccount', metadata: { name: 'default' } }],
    ['configmaps', { kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt' }, data: { 'ca.crt': 'CA' } }],
  ] as const) {
    const ref = { group: '', version: 'v1', plural: resource };
    registry.create(ref, 'default', { apiVersion: 'v1', ...object });
  }
  const pki = await ensurePki(home, { ips: [], dnsNames: [], clock: systemClock });
  const tokenIssuer = createTokenIssuer({
    registry,
    clock: systemClock,
    serviceAccountKey: pki.serviceAccountKey,
  });
  const link = new ApiLink(registry, instance.nodeName);
  const start = (): Promise<NodeAgent> =>
    startNodeAgent({
      registry: link.registry,
      engine,
      instance,
      tokenIssuer,
      caPem: 'CA',
      clock: systemClock,
      log: process.env['DEBUG'] ? consoleLogger : silentLogger,
      dns: { server: instance.gateway, clusterDomain: 'cluster.local' },
    });

  const scheduler = startScheduler({ registry, clock: systemClock, log: silentLogger });
  const lab: NodeLab = {
    instance,
    registry,
    link,
    engine,
    agent: await start(),
    create(podName, spec = {}, metadata = {}) {
      const container = { name: 'main', image: IMAGE, command: ['/bin/sleep', 'infinity'] };
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: podName, ...metadata },
        spec: { terminationGracePeriodSeconds: 1, containers: [container], ...spec },
      };
      return registry.create(pods, 'default', pod) as unknown as Pod;
    },
    get: (podName) => registry.get(pods, 'default', podName) as unknown as Pod,
    events: (podName) =>
      registry.list(
        { group: '', version: 'v1', plural: 'events' },
        {
          namespace: 'default',
          fieldSelector: `involvedObject.name=${podName}`,
        },
      ).items as unknown as Event[],
    async until(podName, what, timeoutMs = 20_000) {
      return vi.waitFor(
        () => {
          const pod = lab.get(podName);
          if (!what(pod))
            throw new Error(`the pod is not so yet: ${JSON.stringify(pod.status, undefined, 1)}`);
          return pod;
        },
        { timeout: timeoutMs, interval: 5 },
      );
    },
    ready: (podName) => lab.until(podName, isReady),
    async gone(podName) {
      await vi.waitFor(
        () => {
          const left = registry.list(pods).items.some((pod) => pod.metadata.name === podName);
          if (left) throw new Error(`pod ${podName} is still there`);
        },
        { timeout: 20_000, interval: 5 },
      );
    },
    async sh(podName, text, container) {
      const output = { out: '', err: '' };
      const sink = (key: 'out' | 'err'): Writable =>
        new Writable({
          write(chunk: Buffer, _encoding, done) {
            output[key] += chunk.toString();
            done();
          },
        });
      const code = await lab.agent.exec('default', podName, {
        command: script(text),
        tty: false,
        stdout: sink('out'),
        stderr: sink('err'),
        signal: AbortSignal.timeout(20_000),
        ...(container === undefined ? {} : { container }),
      });
      return { code, ...output };
    },
    async logs(podName, options = {}) {
      let text = '';
      for await (const chunk of lab.agent.logs('default', podName, options, AbortSignal.timeout(20_000))) {
        text += chunk.toString();
      }
      return text;
    },
    async restartAgent() {
      await lab.agent.stop();
      lab.agent = await start();
    },
    async cleanup() {
      await lab.agent.stop();
      await scheduler.stop();
      registry.close();
      await removeLeftovers(engine, id);
      await unmountAll(home);
      engine.close();
      if (engine.own) stopPodmanService(home);
      rmSync(home, { recursive: true, force: true });
    },
  };
  return lab;
}

const consoleLogger = {
  debug: () => {},
  info: (fields: object, message: string) => console.log('info', message, fields),
  warn: (fields: object, message: string) => console.log('warn', message, fields),
  error: (fields: object, message: string) => console.log('error', message, fields),
};

/** Containers and networks of this instance, also those of a run that was killed. */
async function removeLeftovers(engine: ConnectedEngine, id: string): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`${LABEL.instance}=${id}`] }));
  const found = await engine.request<{ Id: string; Labels: Record<string, string> }[]>(
    'GET',
    `/containers/json?all=true&filters=${filters}`,
  );
  // Members before their sandboxes.
  const members = found.filter((each) => each.Labels[LABEL.container] !== undefined);
  for (const group of [members, found.filter((each) => !members.includes(each))]) {
    await Promise.all(group.map(({ Id }) => engine.request('DELETE', `/containers/${Id}?force=true&v=true`)));
  }
  await engine.request('DELETE', `/networks/pgherd-${id}`).catch(() => {});
}

/** Makes `IMAGE` unless it is there. */
export async function ensureNodeImage(engine: ConnectedEngine): Promise<void> {
  const present = await engine
    .request('GET', `/images/${encodeURIComponent(IMAGE)}/json`)
    .catch(() => undefined);
  if (present !== undefined) return;
  const root = mkdtempSync(join(tmpdir(), 'pgherd-test-image-'));
  try {
    execFileSync('/bin/sh', ['-c', PACK, 'pack', root, ...PACKAGES]);
    const tar = execFileSync('tar', ['-C', root, '-cf', '-', '.'], { maxBuffer: 2 ** 30 });
    const answer = await engine.request('POST', '/images/create?fromSrc=-', tar);
    const imageId = /[0-9a-f]{64}/.exec(JSON.stringify(answer))?.[0] ?? '';
    const [repo = '', tag = ''] = IMAGE.split(':');
    await engine.request('POST', `/images/${imageId}/tag?repo=${repo}&tag=${tag}`);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** $1: an empty directory; the rest: installed packages whose files go there. */
const PACK = `
set -e
root=$1; shift
mkdir -p $root/usr/bin $root/usr/sbin $root/usr/lib $root/usr/lib64 $root/etc $root/tmp $root/run $root/var
chmod 1777 $root/tmp
for d in bin sbin lib lib64; do ln -s usr/$d $root/$d; done
for p in "$@"; do dpkg -L $p; done 2>/dev/null |
  sed -E 's#^/(bin|sbin|lib|lib64)/#/usr/\\1/#' | grep -E '^/usr/(bin|sbin|lib|lib64|share/perl5)/' | sort -u > $root/.list
tar -C / -cf - --no-recursion --ignore-failed-read -T $root/.list 2>/dev/null | tar -C $root -xf -
rm $root/.list
ln -sf dash $root/usr/bin/sh
cp /etc/passwd /etc/group $root/etc/
`;
