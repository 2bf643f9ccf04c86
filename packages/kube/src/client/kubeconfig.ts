import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { KubeconfigError } from './errors.ts';

/** `clusters[].cluster` of a kubeconfig, file paths absolute. */
export interface ClusterEntry {
  server?: string;
  'certificate-authority'?: string;
  'certificate-authority-data'?: string;
  'insecure-skip-tls-verify'?: boolean;
  'tls-server-name'?: string;
  'proxy-url'?: string;
}

/** `users[].user.exec`: a program that prints credentials (client.authentication.k8s.io/v1 and v1beta1). */
export interface ExecEntry {
  apiVersion?: string;
  command?: string;
  args?: string[] | null;
  env?: { name: string; value: string }[] | null;
  installHint?: string;
  provideClusterInfo?: boolean;
  interactiveMode?: 'Never' | 'IfAvailable' | 'Always';
}

/** `users[].user` of a kubeconfig, file paths absolute. */
export interface UserEntry {
  'client-certificate'?: string;
  'client-certificate-data'?: string;
  'client-key'?: string;
  'client-key-data'?: string;
  token?: string;
  tokenFile?: string;
  username?: string;
  password?: string;
  exec?: ExecEntry;
  'auth-provider'?: unknown;
  as?: string;
  'as-uid'?: string;
  'as-groups'?: string[];
  'as-user-extra'?: Record<string, string[]>;
}

/** `contexts[].context` of a kubeconfig. */
export interface ContextEntry {
  cluster?: string;
  user?: string;
  namespace?: string;
}

/** One kubeconfig, or several merged. */
export interface Kubeconfig {
  /** Files that it came from, for messages. */
  files: string[];
  currentContext?: string;
  clusters: Map<string, ClusterEntry>;
  users: Map<string, UserEntry>;
  contexts: Map<string, ContextEntry>;
}

/** Reads kubeconfig files and merges them by kubectl's rule: the first file that names something wins. Missing files are skipped. */
export async function readKubeconfigs(files: readonly string[]): Promise<Kubeconfig> {
  const merged: Kubeconfig = { files: [], clusters: new Map(), users: new Map(), contexts: new Map() };
  for (const file of files) {
    const text = await readIfThere(file);
    if (text === undefined) continue;
    const one = parseKubeconfig(text, file);
    merged.files.push(file);
    if (merged.currentContext === undefined && one.currentContext !== undefined) {
      merged.currentContext = one.currentContext;
    }
    addMissing(merged.clusters, one.clusters);
    addMissing(merged.users, one.users);
    addMissing(merged.contexts, one.contexts);
  }
  return merged;
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new KubeconfigError(`kubeconfig ${file}: cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function addMissing<V>(to: Map<string, V>, from: Map<string, V>): void {
  for (const [name, value] of from) if (!to.has(name)) to.set(name, value);
}

/** Parses one kubeconfig; relative paths in it become absolute, from the folder of `file`. */
export function parseKubeconfig(text: string, file: string): Kubeconfig {
  const content = parseYaml(text, file);
  const folder = dirname(resolve(file));
  const absolute = <T extends object>(entry: T, ...fields: (keyof T)[]): T => {
    const copy = { ...entry };
    for (const field of fields) {
      const path = copy[field];
      if (typeof path === 'string' && path !== '') copy[field] = resolve(folder, path) as T[keyof T];
    }
    return copy;
  };
  const clusters = entries<ClusterEntry>(content, 'clusters', 'cluster', file);
  const users = entries<UserEntry>(content, 'users', 'user', file);
  for (const [name, entry] of clusters) clusters.set(name, absolute(entry, 'certificate-authority'));
  for (const [name, entry] of users) {
    const user = absolute(entry, 'client-certificate', 'client-key', 'tokenFile');
    // A bare command name is looked up in PATH; one with a slash is a path from the kubeconfig's folder.
    if (user.exec?.command?.includes('/')) user.exec = absolute(user.exec, 'command');
    users.set(name, user);
  }
  const current = content['current-context'];
  return {
    files: [file],
    ...(typeof current === 'string' && current !== '' ? { currentContext: current } : {}),
    clusters,
    users,
    contexts: entries<ContextEntry>(content, 'contexts', 'context', file),
  };
}

function parseYaml(text: string, file: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    throw new KubeconfigError(`kubeconfig ${file}: is not valid YAML: ${(error as Error).message}`, {
      cause: error,
    });
  }
  // An empty file is an empty kubeconfig, as for kubectl.
  if (content === null || content === undefined) return {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new KubeconfigError(`kubeconfig ${file}: must be a mapping with clusters, users and contexts`);
  }
  return content as Record<string, unknown>;
}

function entries<V>(
  content: Record<string, unknown>,
  list: string,
  inner: string,
  file: string,
): Map<string, V> {
  const found = new Map<string, V>();
  const items = content[list] ?? [];
  if (!Array.isArray(items)) throw new KubeconfigError(`kubeconfig ${file}: ${list} must be a list`);
  for (const [index, item] of (items as unknown[]).entries()) {
    const { name, [inner]: value } = (item ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string')
      throw new KubeconfigError(`kubeconfig ${file}: ${list}[${index}].name is missing`);
    if (value !== undefined && value !== null && typeof value !== 'object') {
      throw new KubeconfigError(`kubeconfig ${file}: ${list}[${index}].${inner} must be a mapping`);
    }
    if (!found.has(name)) found.set(name, (value ?? {}) as V);
  }
  return found;
}
