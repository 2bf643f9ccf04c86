import { access, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { impersonating, inlineOrFile, staticCredentials, tokenFileCredentials } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import { KubeconfigError } from './errors.ts';
import { execCredentials } from './exec-plugin.ts';
import { readKubeconfigs } from './kubeconfig.ts';
import type { ClusterEntry, Kubeconfig, UserEntry } from './kubeconfig.ts';

/** Where a cluster is and how to be let in. */
export interface Connection {
  /** `https://host:port`, perhaps with a path. */
  server: URL;
  /** Certificate authority, PEM; absent: the system's. */
  ca?: string;
  /** Believe any certificate. */
  insecureSkipTlsVerify: boolean;
  /** Name to ask for and to check instead of the address. */
  tlsServerName?: string;
  credentials: Credentials;
  /** Namespace of the context; `default` when it names none. */
  namespace: string;
  /** Name of the context, or `in-cluster`. */
  context: string;
}

/** Which cluster to talk to. */
export interface ConnectionOptions {
  /** Path of a kubeconfig; must exist. */
  kubeconfig?: string;
  /** Context to use instead of `current-context`. */
  context?: string;
  /** Default `process.env`. */
  env?: NodeJS.ProcessEnv;
}

/** Where Kubernetes puts a pod's service account. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Finds the cluster: the kubeconfig given, else `KUBECONFIG` (several paths are merged), else the pod's service account,
 * else `~/.kube/config`. Throws `KubeconfigError`.
 */
export async function findConnection(options: ConnectionOptions = {}): Promise<Connection> {
  const env = options.env ?? process.env;
  if (options.kubeconfig !== undefined) {
    const config = await readKubeconfigs([options.kubeconfig]);
    if (config.files.length === 0)
      throw new KubeconfigError(`kubeconfig ${options.kubeconfig}: does not exist`);
    return connectionOf(config, options.context);
  }
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  if (listed.length === 0 && options.context === undefined) {
    const inside = await inClusterConnection(env);
    if (inside !== undefined) return inside;
  }
  const files = listed.length > 0 ? listed : [join(env['HOME'] ?? homedir(), '.kube', 'config')];
  const config = await readKubeconfigs(files);
  if (config.files.length === 0) {
    throw new KubeconfigError(
      `no kubeconfig: ${files.join(', ')} does not exist; set KUBECONFIG or name a kubeconfig`,
    );
  }
  return connectionOf(config, options.context);
}

/** The connection that a context of a kubeconfig describes. */
export async function connectionOf(config: Kubeconfig, contextName?: string): Promise<Connection> {
  const where = `kubeconfig ${config.files.join(', ')}`;
  const name = contextName ?? config.currentContext;
  if (name === undefined)
    throw new KubeconfigError(
      `${where}: current-context is not set; name a context (${known(config.contexts)})`,
    );
  const context = config.contexts.get(name);
  if (context === undefined)
    throw new KubeconfigError(`${where}: has no context ${name} (${known(config.contexts)})`);
  const cluster = config.clusters.get(context.cluster ?? '');
  if (cluster === undefined)
    throw new KubeconfigError(
      `${where}: context ${name} names the unknown cluster ${context.cluster ?? '(none)'}`,
    );
  const user = context.user === undefined || context.user === '' ? {} : config.users.get(context.user);
  if (user === undefined)
    throw new KubeconfigError(`${where}: context ${name} names the unknown user ${context.user}`);

  const server = serverOf(cluster, `${where}: cluster ${context.cluster}`);
  const insecureSkipTlsVerify = cluster['insecure-skip-tls-verify'] === true;
  const ca = await inlineOrFile(
    cluster['certificate-authority-data'],
    cluster['certificate-authority'],
    `${where}: cluster ${context.cluster}: certificate-authority`,
  );
  const tlsServerName = cluster['tls-server-name'];
  return {
    server,
    ...(ca !== undefined ? { ca } : {}),
    insecureSkipTlsVerify,
    ...(tlsServerName ? { tlsServerName } : {}),
    credentials: await credentialsOf(user, context.user ?? '', {
      server: server.href,
      ...(ca !== undefined ? { 'certificate-authority-data': Buffer.from(ca).toString('base64') } : {}),
      ...(insecureSkipTlsVerify ? { 'insecure-skip-tls-verify': true } : {}),
      ...(tlsServerName ? { 'tls-server-name': tlsServerName } : {}),
    }),
    namespace: context.namespace || 'default',
    context: name,
  };
}

const known = (contexts: Map<string, unknown>): string =>
  contexts.size === 0 ? 'it has none' : `it has ${[...contexts.keys()].join(', ')}`;

function serverOf(cluster: ClusterEntry, where: string): URL {
  if (cluster['proxy-url']) {
    throw new KubeconfigError(`${where}: proxy-url is not served; remove it and reach the server directly`);
  }
  const server = URL.parse(cluster.server ?? '');
  if (server === null || !['https:', 'http:'].includes(server.protocol)) {
    throw new KubeconfigError(`${where}: server ${cluster.server ?? '(none)'} is not an https:// address`);
  }
  return server;
}

async function credentialsOf(
  user: UserEntry,
  name: string,
  cluster: Parameters<typeof execCredentials>[2],
): Promise<Credentials> {
  if (user['auth-provider'] !== undefined) {
    throw new KubeconfigError(
      `user ${name}: auth-provider was removed from Kubernetes; use an exec credential plugin`,
    );
  }
  if (user.exec !== undefined) return impersonating(user, execCredentials(user.exec, name, cluster));
  // A client certificate beside a token file is rare; then both are sent, as client-go does.
  const fixed = await staticCredentials(user, name);
  if (!user.tokenFile) return impersonating(user, fixed);
  const token = tokenFileCredentials(user.tokenFile);
  return impersonating(user, {
    ...token,
    get: async () => ({ ...(await fixed.get()), ...(await token.get()) }),
  });
}

/** The connection of a pod to its own cluster; `undefined` outside of a pod. The token is read again as it is renewed. */
export async function inClusterConnection(
  env: NodeJS.ProcessEnv = process.env,
  folder: string = SERVICE_ACCOUNT,
): Promise<Connection | undefined> {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  const token = join(folder, 'token');
  if (!host || !port || !(await exists(token))) return undefined;
  const ca = await optional(join(folder, 'ca.crt'));
  const namespace = (await optional(join(folder, 'namespace')))?.trim();
  return {
    server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    ...(ca !== undefined ? { ca } : {}),
    insecureSkipTlsVerify: false,
    credentials: tokenFileCredentials(token),
    namespace: namespace || 'default',
    context: 'in-cluster',
  };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const optional = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);
