import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { pods, silentLogger, systemClock } from '@pgherd/kube/objects';
import type { Clock, Deployment, Pod, StatefulSet } from '@pgherd/kube/objects';
import { openRegistry } from '../registry/open-registry.ts';
import type { LocalRegistry } from '../registry/open-registry.ts';
import { Objects, timestamp } from './objects.ts';
import { startControllers, type ControllersOptions } from './start.ts';
import type { Running } from './controller.ts';
import type { SizeLimits } from '../volumes/size-limits.ts';
import { directoryVolumeStore } from '../volumes/volume-store.ts';

/** The machine's time, but a test may let some of it pass at once. */
class LeapingClock implements Clock {
  #ahead = 0;
  readonly #pending = new Set<{ at: number; run: () => void }>();

  now(): number {
    return systemClock.now() + this.#ahead;
  }

  after(ms: number, fn: () => void): () => void {
    const entry = {
      at: this.now() + ms,
      run: () => {
        cancel();
        fn();
      },
    };
    const cancelTimer = systemClock.after(ms, () => entry.run());
    const cancel = (): void => {
      cancelTimer();
      this.#pending.delete(entry);
    };
    this.#pending.add(entry);
    return cancel;
  }

  leap(ms: number): void {
    this.#ahead += ms;
    for (const entry of [...this.#pending].filter(({ at }) => at <= this.now())) entry.run();
  }
}

/** What a test may want otherwise. */
export interface TestOptions {
  /** Default: sizes of volumes are not enforced. */
  limits?: SizeLimits;
  /** Default: nobody watches over nodes. */
  nodes?: ControllersOptions['nodes'];
}

/** A real registry with all controllers, and a node that the test plays. */
export class TestCluster {
  readonly directory = mkdtempSync(join(tmpdir(), 'pgherd-controllers-'));
  registry: LocalRegistry;
  objects: Objects;
  readonly clock = new LeapingClock();
  readonly #nodes: ControllersOptions['nodes'];
  #running: Running;
  readonly #limits: SizeLimits;
  #address = 1;

  private constructor({ limits, nodes }: TestOptions) {
    this.#limits = limits ?? { enforced: false, why: 'a test' };
    this.#nodes = nodes;
    this.registry = this.#open();
    this.objects = new Objects(this.registry);
    this.#running = this.#start();
  }

  /** Answers when what every namespace has is there. */
  static async start(options: TestOptions = {}): Promise<TestCluster> {
    const cluster = new TestCluster(options);
    await cluster.settled();
    return cluster;
  }

  /** As after a kill: everything but the database is new. */
  async restart(): Promise<void> {
    await this.#running.stop();
    this.registry.close();
    this.registry = this.#open();
    this.objects = new Objects(this.registry);
    this.#running = this.#start();
  }

  async close(): Promise<void> {
    await this.#running.stop();
    this.registry.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** `name phase` of all pods in `default`; what terminates has the phase `Terminating`. */
  pods(): Record<string, string> {
    return Object.fromEntries(
      this.objects
        .list(pods, 'default')
        .map((pod) => [
          pod.metadata.name ?? '',
          pod.metadata.deletionTimestamp ? 'Terminating' : (pod.status?.phase ?? 'Pending'),
        ]),
    );
  }

  pod(name: string): Pod {
    const pod = this.objects.get(pods, 'default', name);
    if (!pod) throw new Error(`no pod ${name}`);
    return pod;
  }

  /** The node runs the pod: scheduled, with an address, and ready if asked for. */
  run(name: string, { ready = true, phase = 'Running' } = {}): void {
    let pod = this.pod(name);
    if (!pod.spec?.nodeName) {
      const binding = { metadata: { name }, target: { kind: 'Node', name: 'node' } };
      this.registry.create(pods, 'default', binding, { subresource: 'binding' });
      pod = this.pod(name);
    }
    const podIP = pod.status?.podIP ?? `10.0.0.${this.#address++}`;
    const lastTransitionTime = timestamp(this.clock.now());
    const condition = { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime };
    this.objects.updateStatus(pods, {
      ...pod,
      status: { ...pod.status, phase, podIP, podIPs: [{ ip: podIP }], conditions: [condition] },
    });
  }

  /** The node has ended the pod's containers. */
  finish(name: string): void {
    this.registry.delete(pods, 'default', name, { gracePeriodSeconds: 0 });
  }

  /** The node does all it can: what is to go has ended, what is pending runs. */
  play({ ready = true } = {}): void {
    for (const [name, phase] of Object.entries(this.pods())) {
      if (phase === 'Terminating') this.finish(name);
      else if (phase === 'Pending') this.run(name, { ready });
    }
  }

  /** Waits until `read` answers what is expected. */
  async until(read: () => unknown, wanted: unknown): Promise<void> {
    // oxlint-disable-next-line vitest/no-standalone-expect -- Called by tests only.
    await expect.poll(read, { timeout: 5000, interval: 5 }).toEqual(wanted);
  }

  /** Waits until the controllers have had time to react to everything that was written. */
  async settled(): Promise<void> {
    let seen = -1;
    let same = 0;
    while (same < 5) {
      await new Promise((resolve) => setImmediate(resolve));
      const revision = this.registry.revision();
      same = revision === seen ? same + 1 : 0;
      seen = revision;
    }
  }

  #open(): LocalRegistry {
    return openRegistry({ path: join(this.directory, 'state.db'), clock: this.clock });
  }

  #start(): Running {
    return startControllers({
      registry: this.registry,
      clock: this.clock,
      log: silentLogger,
      caCertificate: 'CERTIFICATE',
      apiServer: { address: '10.213.7.1', port: 6443, clusterIp: '10.96.0.1' },
      nodeName: 'node',
      volumes: directoryVolumeStore(this.directory),
      limits: this.#limits,
      ...(this.#nodes === undefined ? {} : { nodes: this.#nodes }),
    });
  }
}

/** A StatefulSet `web` in `default` with one claim template, changed by `spec`. */
export function webSet(spec: Partial<NonNullable<StatefulSet['spec']>> = {}, image = 'web:1'): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      serviceName: 'web',
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image }], terminationGracePeriodSeconds: 5 },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
      ...spec,
    },
  };
}

/** A Deployment `web` in `default` without a strategy of its own, changed by `spec`. */
export function webDeployment(
  spec: Partial<NonNullable<Deployment['spec']>> = {},
  image = 'web:1',
): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image }], terminationGracePeriodSeconds: 5 },
      },
      ...spec,
    },
  };
}
