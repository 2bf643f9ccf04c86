import { existsSync } from 'node:fs';
import { connect, type Client } from '@pgherd/kube/client';
import { ApiError, type KubeObject, type ResourceType } from '@pgherd/kube/objects';
import type { Postgresql } from '@pgherd/api';
import { CommandError, exitCode } from '../exit-code.ts';
import { adminKubeconfig, homeOf } from '../local/files.ts';
import type { ClusterOptions } from './commands.ts';

/** The custom resource; its definition is generated from `@pgherd/api`. */
export const postgresqls: ResourceType<Postgresql & KubeObject> = {
  group: 'acid.zalan.do',
  version: 'v1',
  plural: 'postgresqls',
  kind: 'postgresql',
  namespaced: true,
};

/** A Kubernetes, and the namespace that the command is about. */
export interface Target {
  client: Client;
  namespace: string;
  /** File that names the Kubernetes; undefined for several files or none. */
  kubeconfig: string | undefined;
}

/** The kubeconfig when none is named and `KUBECONFIG` is unset: that of `pgherd local`, if there is one. */
function localKubeconfig(): string | undefined {
  const path = adminKubeconfig(homeOf({}));
  return existsSync(path) ? path : undefined;
}

/** Connects as the options say. Nothing is sent yet. */
export async function connectTo(options: Partial<ClusterOptions>): Promise<Target> {
  const fromEnvironment = process.env['KUBECONFIG'] ? undefined : localKubeconfig();
  const kubeconfig = options.kubeconfig ?? (options.context === undefined ? fromEnvironment : undefined);
  const { client, connection } = await connect({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(options.context === undefined ? {} : { context: options.context }),
  });
  const file = kubeconfig ?? process.env['KUBECONFIG'];
  return {
    client,
    namespace: options.namespace ?? connection.namespace,
    kubeconfig: file === undefined || file.includes(':') ? undefined : file,
  };
}

/** Runs `work` with a client and closes its connections. */
export async function withTarget<T>(
  options: Partial<ClusterOptions>,
  work: (target: Target) => Promise<T>,
): Promise<T> {
  const target = await connectTo(options);
  try {
    return await work(target);
  } finally {
    target.client.close();
  }
}

/** The manifest with its status; exit code 3 when there is none, or when the Kubernetes does not know the kind. */
export async function getCluster(
  { client, namespace }: Target,
  name: string,
): Promise<Postgresql & KubeObject> {
  try {
    return await client.get(postgresqls, { namespace, name });
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 404) throw error;
    const what = error.reason === 'NotFound' && error.status.details?.name === name;
    throw new CommandError(
      what
        ? `no cluster ${name} in namespace ${namespace}; \`pgherd list -A\` shows what there is`
        : 'this Kubernetes does not know postgresqls.acid.zalan.do: install the operator first',
      exitCode.notFound,
    );
  }
}
