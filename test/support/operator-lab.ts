import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultConfiguration, type Configuration } from '@pgherd/api';
import { connect, isAlreadyExists, type Client } from '@pgherd/kube/client';
import * as kube from '@pgherd/kube/objects';
import { silentLogger, type KubeObject, type ResourceType } from '@pgherd/kube/objects';
import { startHeadless, type Headless, type HeadlessOptions } from '@pgherd/local/headless';
import { runOperator, type OperatorOptions } from '@pgherd/operator';
import { parseAllDocuments } from 'yaml';

const manifests = fileURLToPath(new URL('../../manifests/', import.meta.url));

/** A running operator of a test. */
export interface OperatorOfTest {
  /** Roles that were declared, each time that the operator would have gone to the database. */
  sql: string[];
  /** Port of its HTTP server. */
  port: Promise<number>;
  /** Rejects when it cannot start. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

/**
 * The real API server and controllers, without pods, with the CRDs and the operator's rights in it; operators run in
 * the test's own process under exactly these rights.
 */
export class OperatorLab {
  readonly client: Client;
  readonly kubernetes: Headless;
  readonly #directory: string;
  readonly #stops: (() => Promise<void>)[] = [];

  private constructor(directory: string, kubernetes: Headless, client: Client) {
    this.#directory = directory;
    this.kubernetes = kubernetes;
    this.client = client;
  }

  /** `rbac`: other objects with the operator's rights than those of its manifest; `nodeProxy`: answers for the pods. */
  static async start(rbac?: KubeObject[], nodeProxy?: HeadlessOptions['nodeProxy']): Promise<OperatorLab> {
    const directory = mkdtempSync(join(tmpdir(), 'pgherd-operator-'));
    const kubernetes = await startHeadless({
      directory,
      log: silentLogger,
      ...(nodeProxy === undefined ? {} : { nodeProxy }),
    });
    const { client } = await connect({ kubeconfig: kubernetes.kubeconfig });
    const lab = new OperatorLab(directory, kubernetes, client);
    for (const file of readdirSync(join(manifests, 'crds'))) await lab.create(read(join('crds', file)));
    await lab.create(rbac ?? read('operator-service-account-rbac.yaml'));
    await lab.create(read('operator-viewer-rbac.yaml'));
    return lab;
  }

  /** Makes objects of Kubernetes' own kinds; those that exist stay as they are. */
  async create(objects: KubeObject[]): Promise<void> {
    for (const object of objects) {
      try {
        await this.client.create(resourceOf(object.kind ?? ''), object);
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
    }
  }

  /** Stops everything, the last first. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
    this.client.close();
    await this.kubernetes.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Something that is stopped with the lab. */
  stopLater(stop: () => Promise<void>): void {
    this.#stops.push(stop);
  }

  /** Runs the operator in this process with a configuration that stays; its SQL is only noted. */
  operate(changes: Partial<Configuration> = {}, more: Partial<OperatorOptions> = {}): OperatorOfTest {
    const named = new Set(Object.keys(changes) as (keyof Configuration)[]);
    const settings = { configuration: { ...defaultConfiguration(), ...changes }, named };
    return this.operateWith({ settings, httpPort: 0, ...more });
  }

  /** Runs the operator in this process; its SQL is only noted. */
  operateWith(options: Partial<OperatorOptions>): OperatorOfTest {
    const abort = new AbortController();
    const sql: string[] = [];
    const { promise: port, resolve, reject } = Promise.withResolvers<number>();
    const ended = runOperator({
      kubeconfig: this.kubernetes.kubeconfigOf('default', 'postgres-operator'),
      log: silentLogger,
      signal: abort.signal,
      onStarted: resolve,
      database: {
        bringInLine: async (_address, _superuser, declared) => {
          sql.push(declared.roles.map((role) => role.name).join(','));
          return { done: [], postponed: [], problems: [] };
        },
        look: async () => [],
      },
      ...options,
    });
    let hasFailed = false;
    ended.catch((error: unknown) => {
      hasFailed = true;
      reject(error);
    });
    port.catch(() => undefined);
    const stop = async () => {
      abort.abort();
      await ended;
    };
    // What ended by itself has told so by `ended`.
    this.stopLater(async () => {
      if (!hasFailed) await stop();
    });
    return { sql, port, ended, stop };
  }
}

/** The objects of one of the project's manifests. */
function read(file: string): KubeObject[] {
  const documents = parseAllDocuments(readFileSync(join(manifests, file), 'utf8'));
  return documents.map((document) => document.toJS() as KubeObject);
}

function resourceOf(kind: string): ResourceType {
  const found = Object.values(kube).find(
    (value) => typeof value === 'object' && 'plural' in value && value.kind === kind,
  );
  if (found === undefined) throw new Error(`no resource for kind ${kind}`);
  return found as ResourceType;
}
