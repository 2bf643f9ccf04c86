import { createHash } from 'node:crypto';
import { mkdir, readFile, realpath } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeFileAtomic } from '../auth/atomic-file.ts';
import type { Engine } from '../engine/engine.ts';
import type { Instance } from './instance.ts';
import { chooseSubnets, nthAddress, parseCidr } from './subnets.ts';
import { usedNetworks } from './used-networks.ts';

/** Ports of API servers are looked for from here on; below the range of ephemeral ports. */
const firstPort = 16_443;
const portCandidates = 4_096;

/** Where an instance keeps its state: `PGHERD_HOME`, by default `~/.pgherd`. */
export function defaultHome(env: NodeJS.ProcessEnv = process.env): string {
  const home = env['PGHERD_HOME'];
  return resolve(home !== undefined && home !== '' ? home : join(homedir(), '.pgherd'));
}

/** The id of the instance whose state is at a (real) path: six hex digits. */
export function instanceId(realHome: string): string {
  return createHash('sha256').update(realHome).digest('hex').slice(0, 6);
}

/**
 * The instance of a home directory. Made at first use: the directory (0700) and in it `instance.json` with
 * addresses and a port that nothing on this machine uses; later uses only read it. With `engine`, networks of
 * stopped containers count as used too.
 *
 * Called by whoever holds the lock of the home (`lockHome`), so that only one makes it.
 *
 * Throws when `instance.json` cannot be understood or was moved from another home: the addresses in it are
 * those of running containers, so nothing is guessed.
 */
export async function loadOrCreateInstance(
  home: string = defaultHome(),
  options: { engine?: Pick<Engine, 'request'> } = {},
): Promise<Instance> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const realHome = await realpath(home);
  const file = join(realHome, 'instance.json');
  const id = instanceId(realHome);

  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text !== undefined) return { ...parseInstance(text, file, id), home: realHome };

  const seed = Number.parseInt(id, 16);
  const { podSubnet, serviceSubnet } = chooseSubnets(await usedNetworks(options.engine), seed % 256);
  const instance: Instance = {
    id,
    home: realHome,
    apiPort: await freePort(seed),
    networkName: `pgherd-${id}`,
    bridgeName: `pgh${id}`,
    podSubnet,
    gateway: nthAddress(podSubnet, 1),
    serviceSubnet,
    kubernetesServiceIp: nthAddress(serviceSubnet, 1),
    nodeName: 'pgherd',
  };
  saveInstance(instance);
  return instance;
}

/** Writes `instance.json`. Only for whoever holds the lock of the home. */
export function saveInstance(instance: Instance): void {
  writeFileAtomic(join(instance.home, 'instance.json'), `${JSON.stringify(instance, null, 2)}\n`);
}

/** The instance in a text of `instance.json`; throws with the file's name and the field that is wrong. */
export function parseInstance(text: string, file: string, id: string): Instance {
  const wrong = (what: string): Error =>
    new Error(
      `${file}: ${what}. It holds the addresses of this instance's containers and network. Restore it, or ` +
        'remove the whole instance with its containers and start anew.',
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw wrong(`not valid JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  if (typeof value !== 'object' || value === null) throw wrong('not a JSON object');
  const fields = value as Record<string, unknown>;
  const strings = [
    'home',
    'networkName',
    'bridgeName',
    'podSubnet',
    'gateway',
    'serviceSubnet',
    'kubernetesServiceIp',
    'nodeName',
  ];
  for (const name of ['id', ...strings]) {
    if (typeof fields[name] !== 'string' || fields[name] === '') throw wrong(`field ${name} is missing`);
  }
  for (const name of ['podSubnet', 'serviceSubnet', 'gateway', 'kubernetesServiceIp']) {
    try {
      parseCidr(fields[name] as string);
    } catch (error) {
      throw wrong(`field ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  for (const [n, node] of (Array.isArray(fields['nodes']) ? fields['nodes'] : []).entries()) {
    const place = node as Partial<Record<string, unknown>> | null;
    const texts = ['name', 'networkName', 'bridgeName', 'podSubnet', 'gateway'];
    const missing = texts.find((name) => typeof place?.[name] !== 'string' || place[name] === '');
    if (missing !== undefined) throw wrong(`field nodes[${n}].${missing} is missing`);
    if (!Number.isInteger(place?.['index'])) throw wrong(`field nodes[${n}].index is not a number`);
    for (const name of ['podSubnet', 'gateway']) {
      try {
        parseCidr(place?.[name] as string);
      } catch (error) {
        throw wrong(`field nodes[${n}].${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  const port = fields['apiPort'];
  if (!Number.isInteger(port) || (port as number) < 1 || (port as number) > 65_535) {
    throw wrong('field apiPort is not a port number');
  }
  if (fields['id'] !== id) {
    throw wrong(
      `belongs to the instance ${String(fields['id'])} of ${String(fields['home'])}, but in this place the ` +
        `instance is ${id}: the directory was copied or moved`,
    );
  }
  return value as Instance;
}

/** A loopback port that nothing listens on, searched from a place that depends on `seed`. */
async function freePort(seed: number): Promise<number> {
  for (let n = 0; n < portCandidates; n++) {
    const port = firstPort + ((seed + n) % portCandidates);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free TCP port between ${firstPort} and ${firstPort + portCandidates - 1} on 127.0.0.1`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    // The wildcard address meets listeners of any address.
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => done(true)));
  });
}
