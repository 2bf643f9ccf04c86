import { spawn } from 'node:child_process';
import { systemClock } from '../objects/index.ts';
import type { Clock } from '../objects/index.ts';
import type { Credentials, RequestCredentials } from './credentials.ts';
import { KubeconfigError } from './errors.ts';
import type { ExecEntry } from './kubeconfig.ts';

/** What a credential plugin prints. */
interface ExecCredential {
  apiVersion?: string;
  kind?: string;
  status?: {
    token?: string;
    clientCertificateData?: string;
    clientKeyData?: string;
    expirationTimestamp?: string;
  };
}

/** The cluster as a plugin with `provideClusterInfo` gets it. */
export interface ExecClusterInfo {
  server: string;
  'certificate-authority-data'?: string;
  'insecure-skip-tls-verify'?: boolean;
  'tls-server-name'?: string;
}

const VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];

/** A plugin that cannot ask anybody has this long, in milliseconds. */
const TIMEOUT_MS = 60_000;

/**
 * Credentials from a program, as `users[].user.exec` of a kubeconfig says. Its answer is kept until
 * `expirationTimestamp`, or until the server refuses it; requests at the same time share one run.
 */
export function execCredentials(
  exec: ExecEntry,
  user: string,
  cluster: ExecClusterInfo,
  clock: Clock = systemClock,
): Credentials {
  const { apiVersion = '', command = '' } = exec;
  if (command === '') throw new KubeconfigError(`user ${user}: exec.command is missing`);
  if (!VERSIONS.includes(apiVersion)) {
    throw new KubeconfigError(
      `user ${user}: exec.apiVersion ${apiVersion || '(none)'} is not served; use ${VERSIONS.join(' or ')}`,
    );
  }
  let cached: { value: RequestCredentials; expires: number } | undefined;
  let running: Promise<RequestCredentials> | undefined;
  const refresh = async (): Promise<RequestCredentials> => {
    try {
      const printed = await run(exec, command, apiVersion, user, cluster);
      cached = parseCredential(printed, apiVersion, `user ${user}: credential plugin ${command}`);
      return cached.value;
    } finally {
      running = undefined;
    }
  };
  return {
    get: () => {
      if (cached !== undefined && cached.expires > clock.now()) return Promise.resolve(cached.value);
      running ??= refresh();
      return running;
    },
    invalidate: () => {
      cached = undefined;
    },
  };
}

function parseCredential(
  printed: string,
  apiVersion: string,
  what: string,
): { value: RequestCredentials; expires: number } {
  let credential: ExecCredential | null;
  try {
    credential = JSON.parse(printed) as ExecCredential | null;
  } catch (error) {
    throw new KubeconfigError(`${what}: printed no valid JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (credential?.kind !== 'ExecCredential' || credential.apiVersion !== apiVersion) {
    const got = `${credential?.kind ?? '(none)'} ${credential?.apiVersion ?? '(none)'}`;
    throw new KubeconfigError(
      `${what}: printed ${got}, expected ExecCredential ${apiVersion}; update the plugin or exec.apiVersion`,
    );
  }
  const {
    token,
    clientCertificateData: cert,
    clientKeyData: key,
    expirationTimestamp,
  } = credential.status ?? {};
  if (!token && !(cert && key))
    throw new KubeconfigError(`${what}: printed neither status.token nor a client certificate with key`);
  const expires = expirationTimestamp === undefined ? Infinity : Date.parse(expirationTimestamp);
  if (Number.isNaN(expires))
    throw new KubeconfigError(`${what}: status.expirationTimestamp ${expirationTimestamp} is no time`);
  return {
    value: {
      headers: token ? { authorization: `Bearer ${token}` } : {},
      ...(cert && key ? { cert, key } : {}),
    },
    expires,
  };
}

function run(
  exec: ExecEntry,
  command: string,
  apiVersion: string,
  user: string,
  cluster: ExecClusterInfo,
): Promise<string> {
  const mode = exec.interactiveMode ?? 'IfAvailable';
  const terminal = process.stdin.isTTY;
  if (mode === 'Always' && !terminal) {
    throw new KubeconfigError(
      `user ${user}: credential plugin ${command} needs a terminal (interactiveMode: Always)`,
    );
  }
  const interactive = mode !== 'Never' && terminal;
  const info = {
    kind: 'ExecCredential',
    apiVersion,
    spec: { interactive, ...(exec.provideClusterInfo ? { cluster } : {}) },
  };
  const env = { ...process.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) };
  for (const { name, value } of exec.env ?? []) Object.assign(env, { [name]: value });
  return new Promise((resolve, reject) => {
    const child = spawn(command, exec.args ?? [], {
      env,
      stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'pipe'],
      ...(interactive ? {} : { timeout: TIMEOUT_MS }),
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => {
      err.push(chunk);
      // Prompts such as "open this page to log in" go to standard error.
      if (interactive) process.stderr.write(chunk);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      const hint = exec.installHint ? `\n${exec.installHint}` : '';
      const why = error.code === 'ENOENT' ? 'is not installed' : error.message;
      reject(
        new KubeconfigError(`user ${user}: credential plugin ${command}: ${why}${hint}`, { cause: error }),
      );
    });
    child.on('close', (code, signal) => {
      if (code === 0) {
        resolve(Buffer.concat(out).toString('utf8'));
        return;
      }
      const how = code === null ? `was ended by ${signal}` : `ended with exit code ${code}`;
      const said = Buffer.concat(err).toString('utf8').trim().slice(-500);
      reject(
        new KubeconfigError(`user ${user}: credential plugin ${command} ${how}${said ? `: ${said}` : ''}`),
      );
    });
  });
}
