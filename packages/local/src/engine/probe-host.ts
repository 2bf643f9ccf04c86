import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What this machine offers to containers. */
export interface HostFacts {
  /** `v2`; `hybrid`: version 1 with an additional unified tree; `v1`; `none`: not mounted. */
  cgroup: 'v2' | 'hybrid' | 'v1' | 'none';
  /** OCI runtimes on this machine, each with whether it can start containers under these cgroups. */
  runtimes: { name: 'crun' | 'runc'; path: string; works: boolean }[];
  /** The runtime to use with an engine of our own; undefined when none works. */
  runtime: 'crun' | 'runc' | undefined;
  /** This process's hard limits: open files, processes. Containers never get more than these. */
  ulimits: { nofile: number; nproc: number };
  /** Whether limits above our own may be given (CAP_SYS_RESOURCE). */
  canRaiseLimits: boolean;
  root: boolean;
  /** Versions of the programs, undefined when not installed. */
  podman: string | undefined;
  docker: boolean;
  nft: string | undefined;
}

/** The facts, in lines for people, and one sentence for everything that is missing. */
export interface HostReport {
  facts: HostFacts;
  /** One line per fact. */
  lines: string[];
  /** Each says what is missing and what to install or do. Empty: all is there. */
  problems: string[];
}

const CGROUP_ROOT = '/sys/fs/cgroup';
/** Magic number of cgroup2 in `statfs` (linux/magic.h). */
const CGROUP2_MAGIC = 0x63677270;
const CAP_SYS_RESOURCE = 24;

/** Looks at the machine. Changes nothing; costs a few milliseconds. */
export async function probeHost(): Promise<HostReport> {
  const cgroup = cgroupVersion();
  const runtimes = findRuntimes(cgroup);
  const [podman, nft] = await Promise.all([versionOf('podman'), versionOf('nft')]);
  const facts: HostFacts = {
    cgroup,
    runtimes,
    runtime: runtimes.find((runtime) => runtime.works)?.name,
    ulimits: hardLimits(),
    canRaiseLimits: hasCapability(CAP_SYS_RESOURCE),
    root: process.getuid?.() === 0,
    podman,
    docker: existsSync('/var/run/docker.sock'),
    nft,
  };
  return { facts, lines: describe(facts), problems: problemsOf(facts) };
}

/** Full path of a program on the search path (the administrator's directories included). */
export function findProgram(name: string): string | undefined {
  const directories = [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/bin',
    '/sbin',
    '/bin',
  ];
  return directories
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find((path) => isExecutable(path));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function cgroupVersion(): HostFacts['cgroup'] {
  if (!existsSync(CGROUP_ROOT)) return 'none';
  if (statfsSync(CGROUP_ROOT).type === CGROUP2_MAGIC) return 'v2';
  if (existsSync(join(CGROUP_ROOT, 'unified'))) return 'hybrid';
  return existsSync(join(CGROUP_ROOT, 'memory')) || existsSync(join(CGROUP_ROOT, 'pids')) ? 'v1' : 'none';
}

/** crun starts faster and is preferred, but it refuses the hybrid cgroup layout; runc takes every layout. */
function findRuntimes(cgroup: HostFacts['cgroup']): HostFacts['runtimes'] {
  const names: ('crun' | 'runc')[] = ['crun', 'runc'];
  return names.flatMap((name) => {
    const path = findProgram(name);
    return path === undefined ? [] : [{ name, path, works: name === 'runc' || cgroup !== 'hybrid' }];
  });
}

/**
 * podman lowers its own limit of processes to the kernel's number of process ids, and a container's limit may
 * not exceed its engine's: so neither may ours.
 */
function hardLimits(): HostFacts['ulimits'] {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const hard = (name: string): number => {
    const value = new RegExp(`^${name}\\s+\\S+\\s+(\\S+)`, 'm').exec(limits)?.[1];
    return value === undefined || value === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(value);
  };
  const pidMax = Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8'));
  return {
    nofile: Math.min(hard('Max open files'), 1_048_576),
    nproc: Math.min(hard('Max processes'), pidMax),
  };
}

function hasCapability(bit: number): boolean {
  const effective = /^CapEff:\s+([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> BigInt(bit)) & 1n) === 1n;
}

async function versionOf(program: string): Promise<string | undefined> {
  const path = findProgram(program);
  if (path === undefined) return undefined;
  const { stdout } = await run(path, ['--version']).catch(() => ({ stdout: '' }));
  return /\d+(\.\d+)+/.exec(stdout)?.[0];
}

function describe(facts: HostFacts): string[] {
  const runtimes = facts.runtimes.map(({ name, works }) =>
    works ? name : `${name} (refuses hybrid cgroups)`,
  );
  return [
    `cgroups: ${facts.cgroup}`,
    `OCI runtime: ${facts.runtime ?? 'none'} (installed: ${runtimes.join(', ') || 'none'})`,
    `podman: ${facts.podman ?? 'not installed'}; Docker's socket: ${facts.docker ? 'present' : 'absent'}`,
    `limits given to containers: nofile ${facts.ulimits.nofile}, nproc ${facts.ulimits.nproc}` +
      (facts.canRaiseLimits ? '' : ' (no CAP_SYS_RESOURCE: never above the host’s own)'),
    `nftables: ${facts.nft ?? 'not installed'}`,
    `root: ${facts.root ? 'yes' : 'no'}`,
  ];
}

function problemsOf(facts: HostFacts): string[] {
  const problems: string[] = [];
  if (!facts.root) problems.push('This user is not root: run it as root (pod networks and volumes need it).');
  if (facts.podman === undefined && !facts.docker) {
    problems.push('No container engine was found: install podman (apt-get install podman runc) or Docker.');
  }
  if (facts.podman !== undefined && facts.runtime === undefined) {
    problems.push(
      facts.runtimes.length > 0
        ? 'crun refuses the hybrid cgroup layout of this machine: install runc (apt-get install runc).'
        : 'No OCI runtime was found: install runc (apt-get install runc).',
    );
  }
  if (facts.cgroup === 'none') {
    problems.push('No cgroup file system is mounted at /sys/fs/cgroup: mount it (containers need it).');
  }
  if (facts.nft === undefined) {
    problems.push('The program nft was not found: install nftables (apt-get install nftables).');
  }
  return problems;
}
