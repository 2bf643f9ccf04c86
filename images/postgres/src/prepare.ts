import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pamService } from './people.ts';
import type { Settings } from './settings.ts';

/** Who the server runs as. */
export interface Identity {
  uid: number;
  gid: number;
}

function chownTree(path: string, owner: Identity): void {
  const stat = lstatSync(path);
  if (stat.uid !== owner.uid || stat.gid !== owner.gid) lchownSync(path, owner.uid, owner.gid);
  if (stat.isDirectory()) for (const name of readdirSync(path)) chownTree(join(path, name), owner);
}

/** Makes the directories; as root also gives them to `owner`, as a fresh volume belongs to root. */
export function prepareDirectories(settings: Settings, owner: Identity, asRoot: boolean): void {
  const { paths } = settings;
  const certificates = `${paths.run}/certs`;
  const own = [paths.root, paths.data, paths.log, `${paths.run}/postgresql`, certificates];
  for (const directory of own) mkdirSync(directory, { recursive: true });
  if (asRoot) {
    for (const directory of [paths.root, paths.data, paths.log, certificates]) chownTree(directory, owner);
    chownSync(`${paths.run}/postgresql`, owner.uid, owner.gid);
  }
  // It is in the image too, and only its owner may set a mode.
  const sockets = `${paths.run}/postgresql`;
  if ((lstatSync(sockets).mode & 0o7777) !== 0o2775) chmodSync(sockets, 0o2775);
  chmodSync(certificates, 0o700);
  // fsGroup makes everything on the volume group-writable; the server refuses such a data directory.
  chmodSync(paths.data, 0o700);
}

/** A uid that the image does not know cannot be the server's: give it the entry of `postgres`. */
export function adoptIdentity(identity: Identity): void {
  const file = '/etc/passwd';
  const text = readFileSync(file, 'utf8');
  if (text.split('\n').some((line) => line.split(':')[2] === String(identity.uid))) return;
  writeFileSync(file, text.replace(/^postgres:x:\d+:\d+:/m, `postgres:x:${identity.uid}:${identity.gid}:`));
}

/** A certificate for clients that want encryption and no more; SCRAM with channel binding works with it. */
export function createSelfSignedCertificate(settings: Settings): void {
  const { tls } = settings;
  if (!tls.selfSigned || existsSync(tls.privateKeyFile)) return;
  const request = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '3650',
  ];
  const subject = [
    '-subj',
    `/CN=${settings.scope}`.slice(0, 60),
    '-keyout',
    tls.privateKeyFile,
    '-out',
    tls.certificateFile,
  ];
  execFileSync('openssl', [...request, ...subject], { stdio: 'pipe' });
  chmodSync(tls.privateKeyFile, 0o600);
}

/**
 * Writes PAM's service `postgresql`, or removes it. `/etc/pam.d/postgresql` is a link to it in the image, because the
 * image's own files may be read-only and another user's.
 */
export function writePamService(settings: Settings): void {
  const directory = `${settings.paths.run}/pam.d`;
  const text = pamService(settings.people);
  if (text === undefined) {
    rmSync(`${directory}/postgresql`, { force: true });
    return;
  }
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/postgresql`, text);
}

/** Writes the configuration, and links it to where people and `patronictl` look for it. */
export function writeConfiguration(settings: Settings, text: string): string {
  const file = `${settings.paths.run}/postgres.yml`;
  // It holds passwords.
  writeFileSync(file, text, { mode: 0o600 });
  for (const link of [
    `${settings.paths.home}/postgres.yml`,
    `${settings.paths.home}/.config/patroni/patronictl.yaml`,
  ]) {
    if (!existsSync(link)) {
      mkdirSync(join(link, '..'), { recursive: true });
      symlinkSync(file, link);
    }
  }
  return file;
}
