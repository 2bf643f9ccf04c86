import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
/** The image that is made here: busybox and its shell, nothing else. */
export const localImage = 'localhost/pgherd-test-busybox';

/**
 * Name of an image with busybox's shell for the pods of a suite: `CONFORMANCE_IMAGE`, else `busybox` on a cluster that
 * `KUBECONFIG` names, else one that is made here of Debian's busybox-static, because the local engine may have no registry.
 */
export async function testImage(): Promise<string> {
  const given = process.env['CONFORMANCE_IMAGE'];
  if (given !== undefined && given !== '') return given;
  if ((process.env['KUBECONFIG'] ?? '') !== '') return 'busybox';
  await ensureLocalImage();
  return localImage;
}

/** Makes `localImage` unless it is there. */
export async function ensureLocalImage(): Promise<void> {
  const known = await execute('podman', ['image', 'exists', localImage]).then(
    () => true,
    () => false,
  );
  if (!known) await makeImage();
}

async function makeImage(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'pgherd-busybox-'));
  try {
    await execute('apt-get', ['download', 'busybox-static'], { cwd: directory });
    await execute('sh', ['-c', 'dpkg-deb -x busybox-static*.deb unpacked'], { cwd: directory });
    for (const path of ['bin', 'etc', 'tmp', 'proc', 'sys', 'dev']) {
      await mkdir(join(directory, 'root', path), { recursive: true });
    }
    await cp(join(directory, 'unpacked/bin/busybox'), join(directory, 'root/bin/busybox'));
    await execute('chroot', [join(directory, 'root'), '/bin/busybox', '--install', '-s', '/bin']);
    await execute('tar', ['-C', join(directory, 'root'), '-cf', join(directory, 'root.tar'), '.']);
    await execute('podman', ['import', join(directory, 'root.tar'), localImage]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
