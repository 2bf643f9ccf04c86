/**
 * Checks that this machine can run what is asked for, and installs the Debian packages that are missing:
 * `node scripts/machine.ts demo` or `node scripts/machine.ts test`. Says in one sentence what is missing otherwise.
 */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { existsSync, readdirSync, statfsSync } from 'node:fs';

/** A program (or header) that is needed, and Debian's package that has it. */
interface Need {
  program: string;
  package: string;
  for: string;
}

const demoNeeds: Need[] = [
  { program: 'podman', package: 'podman', for: 'running pods' },
  { program: 'runc', package: 'runc', for: 'running pods where crun does not work' },
  { program: 'nft', package: 'nftables', for: 'cluster addresses' },
  { program: 'ip', package: 'iproute2', for: 'the pod network' },
  { program: 'iptables', package: 'iptables', for: "podman's networks" },
  { program: 'conntrack', package: 'conntrack', for: 'forgetting stale connections' },
  { program: 'mmdebstrap', package: 'mmdebstrap', for: 'making a base image where no registry answers' },
  { program: 'kubectl', package: 'kubernetes-client', for: 'looking around' },
  { program: 'psql', package: 'postgresql-client', for: 'connecting' },
];

/** What is not on PATH: where to look for it. */
const elsewhere: Record<string, () => boolean> = {
  netavark: () =>
    ['/usr/lib/podman/netavark', '/usr/libexec/podman/netavark'].some((path) => existsSync(path)),
  postgres: () =>
    existsSync('/usr/lib/postgresql') &&
    readdirSync('/usr/lib/postgresql').some((version) =>
      existsSync(`/usr/lib/postgresql/${version}/bin/initdb`),
    ),
  'pam_modules.h': () => existsSync('/usr/include/security/pam_modules.h'),
  'stdlib.h': () => existsSync('/usr/include/stdlib.h'),
};

const needs: Record<string, Need[]> = {
  demo: [...demoNeeds, { program: 'netavark', package: 'netavark', for: "podman's networks" }],
  test: [
    ...demoNeeds,
    { program: 'netavark', package: 'netavark', for: "podman's networks" },
    { program: 'postgres', package: 'postgresql', for: 'tests of SQL on a real server' },
    { program: 'busybox', package: 'busybox-static', for: 'small test images' },
    { program: 'openssl', package: 'openssl', for: 'judging our certificates' },
    { program: 'pgrep', package: 'procps', for: 'finding the processes of containers' },
    { program: 'mkfs.xfs', package: 'xfsprogs', for: 'volumes whose size is their limit' },
    { program: 'faketime', package: 'faketime', for: 'clocks that jump' },
    { program: 'git', package: 'git', for: 'checking generated files' },
    { program: 'gcc', package: 'gcc', for: 'compiling the PAM module' },
    { program: 'stdlib.h', package: 'libc6-dev', for: 'compiling the PAM module' },
    { program: 'pam_modules.h', package: 'libpam0g-dev', for: 'compiling the PAM module' },
  ],
};

const found = (program: string): boolean =>
  elsewhere[program]?.() ?? spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

function install(packages: string[]): void {
  if (spawnSync('sh', ['-c', 'command -v apt-get']).status !== 0) {
    fail(
      `missing ${packages.join(', ')}: install them with your system's package manager and run this again`,
    );
  }
  console.log(`installing ${packages.join(', ')}`);
  // Nothing that a package brings along is to be started: the tests and the demo start their own.
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const apt = (args: string[]): SpawnSyncReturns<string> =>
    spawnSync('apt-get', args, { env: environment, encoding: 'utf8', maxBuffer: 1 << 26 });
  const installing = ['install', '-y', '-qq', '--no-install-recommends', ...packages];
  // Old package lists are the usual reason for a failure: fetch them and try again.
  if (apt(installing).status === 0) return;
  const update = apt(['update', '-qq']);
  const second = apt(installing);
  if (second.status !== 0)
    fail(`apt-get could not install ${packages.join(', ')}:\n${update.stderr}${second.stderr}`);
}

const purpose = process.argv[2] ?? '';
const wanted = needs[purpose];
if (wanted === undefined) fail(`usage: node scripts/machine.ts ${Object.keys(needs).join('|')}`);
if (process.platform !== 'linux') fail(`pgherd local needs Linux, this is ${process.platform}`);
if (process.getuid?.() !== 0) fail('pgherd local sets up networks and containers: run this as root');
const free = statfsSync('.');
const gigabytes = (free.bavail * free.bsize) / 1e9;
if (gigabytes < 3) fail(`only ${gigabytes.toFixed(1)} GB of disk are free here, 3 GB are needed`);
const missing = wanted.filter((need) => !found(need.program));
if (missing.length > 0) install([...new Set(missing.map((need) => need.package))]);
for (const need of missing.filter((need) => !found(need.program))) {
  fail(`${need.program} is still missing after installing ${need.package}; it is needed for ${need.for}`);
}
