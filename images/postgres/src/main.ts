/**
 * Entry point of the database image: turns Spilo's environment variables into Patroni's configuration, prepares the
 * volume, and replaces itself with `tini -- patroni`. Nothing of Node stays in memory. `reload PID` makes Patroni's
 * configuration again, and tells that process, its supervisor.
 */
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { stringify } from 'yaml';
import { gatherFacts } from './host-facts.ts';
import { hasLocalFile, localFile, withLocalFile } from './local-file.ts';
import { patroniConfiguration } from './patroni-configuration.ts';
import {
  adoptIdentity,
  createSelfSignedCertificate,
  prepareDirectories,
  writeConfiguration,
  writePamService,
  type Identity,
} from './prepare.ts';
import { parseSettings, SettingsError, type Mapping, type Settings } from './settings.ts';
import { watchedFiles } from './watched-files.ts';

/** How long a renewed certificate waits until it is used; Kubernetes takes longer to bring it. */
const reloadSeconds = 10;

const terminationLog = '/dev/termination-log';

function log(level: 'INFO' | 'WARNING' | 'ERROR', message: string): void {
  console.error(`${new Date().toISOString()} ${level}: ${message}`);
}

/** The user `postgres` of the image. */
function postgresIdentity(): Identity {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('postgres:'));
  const [, , uid, gid] = (line ?? '').split(':');
  return { uid: Number(uid ?? 101), gid: Number(gid ?? 103) };
}

/**
 * Patroni keeps `PATRONI_*` and `KUBERNETES_*` away from the server, but callbacks would inherit the rest: pass on
 * only what the scripts and the client library need, and libraries that a manifest preloads (an allocator, libfaketime).
 */
function environmentOfPatroni(settings: Settings): Record<string, string> {
  const passed =
    /^(KUBERNETES_(SERVICE|PORT)\w*|POD_IP|POD_NAMESPACE|HOSTNAME|PATH|LC_ALL|LANG|TZ|LD_PRELOAD|FAKETIME\w*)$/;
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] => passed.test(entry[0]) && entry[1] !== undefined,
  );
  const clone = settings.clone;
  return {
    ...Object.fromEntries(kept),
    HOME: settings.paths.home,
    PGHOME: settings.paths.home,
    ...(clone
      ? {
          CLONE_SCOPE: clone.scope,
          CLONE_HOST: clone.host,
          CLONE_PORT: String(clone.port),
          CLONE_USER: clone.user,
          CLONE_PASSWORD: clone.password,
        }
      : {}),
  };
}

/** Patroni's file as the environment and the member's own file say now. */
function configure(given: Settings): { file: string; version: string; configuration: Mapping } {
  const settings = withLocalFile(given);
  const facts = gatherFacts(settings);
  const { configuration, warnings } = patroniConfiguration(settings, facts);
  const file = writeConfiguration(settings, stringify(configuration, { compat: 'yaml-1.1' }));
  for (const warning of [...settings.warnings, ...warnings]) log('WARNING', warning);
  return { file, version: facts.version, configuration };
}

/** Checksum of the member's own file as the watching script makes it. */
function checksum(): string {
  return existsSync(localFile) ? execFileSync('cksum', [localFile], { encoding: 'utf8' }).trim() : '';
}

/** A shell that sleeps: Node would stay in memory. */
function watch(seen: string): void {
  const script = '/scripts/watch_configuration.sh';
  spawn(script, [seen], { stdio: 'inherit', detached: true }).unref();
}

async function reload(supervisor: number): Promise<void> {
  const settings = parseSettings(process.env);
  await untilConnected(settings.restApiPort);
  configure(settings);
  process.kill(supervisor, 'SIGHUP');
  log('INFO', `${localFile} has changed: Patroni takes it in`);
}

/** Throws while Patroni does not listen: before that it would die of the signal. */
function untilConnected(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve();
    });
    socket.on('error', reject);
  });
}

function start(): never {
  const settings = parseSettings(process.env);
  const asRoot = process.getuid?.() === 0;
  const owner = asRoot
    ? postgresIdentity()
    : { uid: process.getuid?.() ?? 101, gid: process.getgid?.() ?? 103 };
  if (!asRoot) adoptIdentity(owner);
  prepareDirectories(settings, owner, asRoot);
  if (asRoot) {
    // /run is root's; the configuration file must be readable after privileges are gone.
    chownSync(settings.paths.run, owner.uid, owner.gid);
    process.setgroups?.([owner.gid]);
    process.setgid?.(owner.gid);
    process.setuid?.(owner.uid);
  }
  const seen = checksum();
  createSelfSignedCertificate(settings);
  writePamService(settings);
  const { file, version, configuration } = configure(settings);
  log(
    'INFO',
    `starting Patroni: cluster ${settings.scope}, member ${settings.memberName}, PostgreSQL ${version}`,
  );
  const watched = watchedFiles(configuration, settings);
  // It outlives this process under its process id, and ends with the container.
  if (watched.length > 0) {
    const args = [String(reloadSeconds), String(settings.restApiPort), ...watched];
    const env = { PATH: process.env['PATH'] };
    spawn('/scripts/reload_on_change.sh', args, { stdio: 'inherit', env, detached: true }).unref();
  }
  if (process.execve === undefined)
    throw new Error('process.execve is missing: the image needs Node 22.15 or newer');
  if (hasLocalFile()) watch(seen);
  return process.execve(
    '/usr/bin/tini',
    ['tini', '--', '/usr/bin/patroni', file],
    environmentOfPatroni(settings),
  );
}

const [, , verb, supervisor] = process.argv;
try {
  if (verb === 'reload') await reload(Number(supervisor));
  else start();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const what = verb === 'reload' ? `cannot take in ${localFile} yet` : 'cannot start';
  log('ERROR', error instanceof SettingsError ? message : `${what}: ${message}`);
  if (verb !== 'reload' && existsSync(terminationLog)) writeFileSync(terminationLog, message);
  process.exitCode = 1;
}
