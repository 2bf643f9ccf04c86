import type { Configuration } from '../configuration/keys.ts';
import { isOwnImage } from '../own-image.ts';
import type { Postgresql } from '../postgresql/postgresql.ts';
import type { Problem } from '../problem.ts';

/**
 * Errors for a manifest whose data should come from an archive of the write-ahead log, which pgherd's own image cannot
 * read yet: its pods would not start. Another image does what it can.
 */
export function unsupportedBootstrap(manifest: Postgresql, configuration: Configuration): Problem[] {
  const { clone, standby, dockerImage } = manifest.spec;
  const image = dockerImage === undefined || dockerImage === '' ? configuration.docker_image : dockerImage;
  if (!isOwnImage(image)) return [];
  const problem = (field: string, instead: string): Problem => ({
    severity: 'error',
    field,
    message: `the image \`${image}\` cannot read archives of the write-ahead log yet; ${instead}, or use an image that can (dockerImage).`,
  });
  return [
    ...(clone?.cluster && clone.timestamp
      ? [problem('spec.clone.timestamp', 'leave it out to copy a running cluster')]
      : []),
    ...(standby !== undefined && !standby.standby_host
      ? [
          problem(
            `spec.standby.${standby.gs_wal_path ? 'gs' : 's3'}_wal_path`,
            'give `standby_host` to stream',
          ),
        ]
      : []),
  ];
}
