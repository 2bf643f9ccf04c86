import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultConfiguration, type Configuration } from '@pgherd/api';
import { connect, type Client } from '@pgherd/kube/client';
import * as kube from '@pgherd/kube/objects';
import { silentLogger, type KubeObject, type ResourceType } from '@pgherd/kube/objects';
import { startHeadless, type Headless } from '@pgherd/local/headless';
import { runOperator, type OperatorOptions } from '@pgherd/operator';
import { parseAllDocuments } from 'yaml';

const manifests = fileURLToPath(new URL('../../manifests/', import.meta.url));

/** A running operator of a test. */
export interface OperatorOfTest {
  /** Roles that were declared, each time that the operator would have gone to the database. */
  sql: string[];
  /** Port of its HTTP server. */
  port: Promise<number>;
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

  static async start(): Promise<OperatorLab> {
    const directory = mkdtempSync(join(tmpdir(), 'pgherd-operator-'));
    const kubernetes = await startHeadless({ directory, log: silentLogger });
    const { client } = await connect({ kubeconfig: kubernetes.kubeconfig });
    const crds = readdirSync(join(manifests, 'crds')).map((file) => join('crds', file));
    for (const file of [...crds, 'operator-service-account-rbac.yaml', 'operator-viewer-rbac.yaml']) {
      for (const document of parseAllDocuments(readFileSync(join(manifests, file), 'utf8'))) {
        const object = document.toJS() as KubeObject;
        await client.create(resourceOf(object.kind ?? ''), object);
      }
    }
    return new OperatorLab(directory, kubernetes, client);
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

  /** Runs the operator in this process; its SQL is only noted. */
  operate(changes: Partial<Configuration> = {}, more: Partial<OperatorOptions> = {}): OperatorOfTest {
    const abort = new AbortController();
    const sql: string[] = [];
    const { promise: port, resolve } = Promise.withResolvers<number>();
    const ended = runOperator({
      kubeconfig: this.kubernetes.kubeconfigOf('default', 'postgres-operator'),
      settings: {
        configuration: { ...defaultConfiguration(), ...changes },
        named: new Set(Object.keys(changes) as (keyof Configuration)[]),
      },
      httpPort: 0,
      log: silentLogger,
      signal: abort.signal,
      onStarted: resolve,
      database: {
        bringInLine: async (_address, _superuser, declared) => {
          sql.push(declared.roles.map((role) => role.name).join(','));
          return { done: [], problems: [] };
        },
      },
      ...more,
    });
    const stop = async () => {
      abort.abort();
      await ended;
    };
    this.stopLater(stop);
    return { sql, port, stop };
  }
}

function resourceOf(kind: string): ResourceType {
  const found = Object.values(kube).find(
    (value) => typeof value === 'object' && 'plural' in value && value.kind === kind,
  );
  if (found === undefined) throw new Error(`no resource for kind ${kind}`);
  return found as ResourceType;
}
