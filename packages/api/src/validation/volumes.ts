import { dns1123 } from '../postgresql/patterns.ts';
import type { Configuration } from '../configuration/keys.ts';
import type { Postgresql } from '../postgresql/postgresql.ts';
import type { Check } from './report.ts';

/** `spec.additionalVolumes`, each by itself; what they have in common with others is found when pods are rendered. */
export const checkVolumes: Check = (manifest, configuration, report) => {
  const containers = containerNames(manifest, configuration);
  (manifest.spec.additionalVolumes ?? []).forEach((volume, index) => {
    const field = `spec.additionalVolumes[${index}]`;
    if (!dns1123.test(volume.name) || volume.name.length > 63)
      report.error(
        `${field}.name`,
        `\`${volume.name}\` cannot be the name of a volume; use lower-case letters, digits and dashes, at most 63.`,
      );
    if (volume.mountPath === '' || volume.mountPath.includes(':'))
      report.error(`${field}.mountPath`, 'it must be a path without `:`.');
    if (volume.subPath?.startsWith('/') || volume.subPath?.split('/').includes('..'))
      report.error(`${field}.subPath`, 'it must be a path inside of the volume, without `..`.');
    const targets = volume.targetContainers ?? [];
    if (targets.includes('all')) {
      if (targets.length > 1)
        report.warning(`${field}.targetContainers`, '`all` is all of them; remove it, or the other names.');
      return;
    }
    for (const name of targets)
      if (!containers.has(name))
        report.warning(`${field}.targetContainers`, `there is no container \`${name}\`; correct the name.`);
  });
};

function containerNames({ spec }: Postgresql, configuration: Configuration): Set<string> {
  return new Set([
    'postgres',
    'scalyr-sidecar',
    ...(spec.sidecars ?? []).map(({ name }, index) => name || `sidecar-${index}`),
    ...(spec.initContainers ?? []).map(({ name }) => name),
    ...configuration.sidecars.map(({ name }) => name),
    ...Object.keys(configuration.sidecar_docker_images),
  ]);
}
