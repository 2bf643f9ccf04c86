import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type Client } from '@pgherd/kube/client';
import { pods, secrets, services, type KubeObject, type Pod, type ResourceType } from '@pgherd/kube/objects';
import { stringify } from 'yaml';
import { findBackground } from './background.ts';
import { eventually } from './eventually.ts';
import { pgherd, removeInstance, run, startInstance, suiteHome } from './instance.ts';
import type { Address } from './writer.ts';

/** The custom resource, loosely typed: the tests look at it as a user's script would. */
export const postgresqls: ResourceType<
  KubeObject & { status?: { PostgresClusterStatus?: string; observedGeneration?: number; primary?: string } }
> = { group: 'acid.zalan.do', version: 'v1', plural: 'postgresqls', kind: 'postgresql', namespaced: true };

/** What an instance has besides its API server. */
interface Parts {
  operator: boolean;
  /** How many. */
  nodes: number;
}

/** One instance of `pgherd local` with an operator, for one test file. */
export class LocalCluster {
  readonly home: string;
  readonly namespace = 'default';
  private readonly parts: Parts;
  private connected: { client: Client; kubeconfig: string } | undefined;

  private constructor(home: string, parts: Parts) {
    this.home = home;
    this.parts = parts;
  }

  /**
   * Removes what a killed run left, and starts anew. `configuration` is the operator's, as flat keys; without `operator`
   * the test brings its own.
   */
  static async start(
    suite: string,
    configuration: Record<string, string>,
    { operator = true, nodes = 1 }: Partial<Parts> = {},
  ): Promise<LocalCluster> {
    const cluster = new LocalCluster(suiteHome(suite), { operator, nodes });
    await removeInstance(cluster.home);
    mkdirSync(cluster.home, { recursive: true, mode: 0o700 });
    cluster.configure(configuration);
    await cluster.up();
    return cluster;
  }

  /** An operator for the instance that a suite has already started; whoever started it removes it. */
  static async join(suite: string, configuration: Record<string, string>): Promise<LocalCluster> {
    const cluster = new LocalCluster(suiteHome(suite), { operator: true, nodes: 1 });
    cluster.configure(configuration);
    await cluster.up();
    return cluster;
  }

  /** The operator's configuration, as flat keys; it is taken while the operator runs. */
  configure(configuration: Record<string, string>): void {
    writeFileSync(join(this.home, 'operator.yaml'), stringify(configuration));
  }

  /** `pgherd local up`: starts what does not run. */
  async up(): Promise<void> {
    const kubeconfig = await startInstance(this.home, this.parts);
    this.connected?.client.close();
    const { client } = await connect({ kubeconfig });
    this.connected = { client, kubeconfig };
  }

  /** Kills the operator as a crash would; `up` starts it again. */
  async killOperator(): Promise<void> {
    const operator = findBackground(this.home, 'operator');
    if (operator === undefined) throw new Error('no operator runs');
    process.kill(operator.pid, 'SIGKILL');
    await eventually('the operator is gone', () => findBackground(this.home, 'operator') === undefined);
  }

  close(): void {
    this.connected?.client.close();
  }

  async remove(): Promise<void> {
    this.close();
    await removeInstance(this.home);
  }

  get client(): Client {
    if (this.connected === undefined) throw new Error('not started');
    return this.connected.client;
  }

  get kubeconfig(): string {
    if (this.connected === undefined) throw new Error('not started');
    return this.connected.kubeconfig;
  }

  /** Runs the real kubectl; throws when it fails. */
  async kubectl(...args: string[]): Promise<string> {
    return this.checked('kubectl', ['--kubeconfig', this.kubeconfig, ...args]);
  }

  /** Runs the command line. */
  async pgherd(...args: string[]): Promise<string> {
    return this.checked(pgherd, args, { KUBECONFIG: this.kubeconfig });
  }

  /** Runs the command line; answers what it prints, whatever its exit code. */
  async pgherdOutput(...args: string[]): Promise<string> {
    const { stdout, stderr } = await run(pgherd, args, { env: { KUBECONFIG: this.kubeconfig } });
    return stdout + stderr;
  }

  /** `kubectl apply` of one object. */
  async apply(object: object): Promise<void> {
    const { code, stderr } = await run('kubectl', ['--kubeconfig', this.kubeconfig, 'apply', '-f', '-'], {
      input: stringify(object),
    });
    if (code !== 0) throw new Error(`kubectl apply: ${stderr}`);
  }

  /** The word of the status once the operator has seen the newest manifest. */
  async status(name: string): Promise<string | undefined> {
    const object = await this.client.get(postgresqls, { namespace: this.namespace, name });
    if (object.status?.observedGeneration !== object.metadata.generation) return undefined;
    return object.status?.PostgresClusterStatus;
  }

  waitForStatus(name: string, wanted: string, timeoutMs = 90_000): Promise<boolean> {
    return eventually(`cluster ${name} is ${wanted}`, async () => (await this.status(name)) === wanted, {
      timeoutMs,
      everyMs: 200,
    });
  }

  async pods(name: string): Promise<Pod[]> {
    const { items } = await this.client.list(pods, {
      namespace: this.namespace,
      labelSelector: `application=spilo,cluster-name=${name}`,
    });
    return items;
  }

  /** The pod that holds the leader lock by its own report: the one whose Patroni says primary. */
  async primary(name: string): Promise<Pod> {
    return eventually(`cluster ${name} has a primary`, async () => {
      const all = await this.pods(name);
      return all.find((pod) => {
        const status = JSON.parse(pod.metadata?.annotations?.['status'] ?? '{}') as {
          role?: string;
          state?: string;
        };
        return (
          status.role === 'primary' &&
          status.state === 'running' &&
          pod.metadata?.deletionTimestamp === undefined
        );
      });
    });
  }

  /** How the user `role` connects through the Service, with the password of its Secret. */
  async address(name: string, role: string, database: string): Promise<Address> {
    const service = await this.client.get(services, { namespace: this.namespace, name });
    const secretName = `${role.replaceAll('_', '-')}.${name}.credentials.postgresql.acid.zalan.do`;
    const secret = await this.client.get(secrets, { namespace: this.namespace, name: secretName });
    const value = (key: string): string => Buffer.from(secret.data?.[key] ?? '', 'base64').toString('utf8');
    return {
      host: service.spec?.clusterIP ?? '',
      user: value('username'),
      password: value('password'),
      database,
    };
  }

  /** Process id, on the host, of the first process of a pod's container. */
  async containerProcess(pod: Pod, container = 'postgres'): Promise<number> {
    const id = pod.status?.containerStatuses?.find((status) => status.name === container)?.containerID;
    const [engine = '', containerId = ''] = id?.split('://') ?? [];
    const program = engine === 'docker' ? 'docker' : 'podman';
    const pid = Number(await this.checked(program, ['inspect', '--format', '{{.State.Pid}}', containerId]));
    if (!(pid > 1)) throw new Error(`container ${id} does not run`);
    return pid;
  }

  private async checked(program: string, args: string[], env: Record<string, string> = {}): Promise<string> {
    const { code, stdout, stderr } = await run(program, args, { env });
    if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout;
  }
}
