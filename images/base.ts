import { spawnSync } from 'node:child_process';
import type { ContainerTool } from './container-tool.ts';

/** Debian's mirror that this machine uses, taken from apt's own configuration. Throws when apt knows none. */
export function debianMirror(): string {
  const result = spawnSync(
    'apt-get',
    ['indextargets', '--format', '$(LABEL)\t$(REPO_URI)', 'Created-By: Packages'],
    {
      encoding: 'utf8',
    },
  );
  const line = (result.stdout ?? '').split('\n').find((entry) => entry.startsWith('Debian\t'));
  const mirror = line?.split('\t')[1];
  if (mirror === undefined) {
    throw new Error(
      "apt knows no Debian mirror: run 'apt-get update', or pull the base image from a registry",
    );
  }
  return mirror;
}

/**
 * The Debian base image: already here, pulled from a container registry, or made with mmdebstrap from the mirror
 * that apt uses. Answers the name to build on.
 */
export function ensureBase(tool: ContainerTool, image: { suite: string; pulled: string }): string {
  const made = `localhost/pgherd/debian:${image.suite}`;
  if (tool.exists(made)) return made;
  if (tool.exists(image.pulled)) return image.pulled;
  console.log(`pulling ${image.pulled}`);
  if (tool.pull(image.pulled)) return image.pulled;
  console.log(`no container registry answers: making ${made} with mmdebstrap`);
  tool.importFrom(`mmdebstrap --quiet --variant=minbase ${image.suite} - ${debianMirror()}`, made);
  return made;
}
