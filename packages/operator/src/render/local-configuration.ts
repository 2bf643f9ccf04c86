import { isDeepStrictEqual } from 'node:util';
import { isOwnImage, type Configuration, type Postgresql } from '@pgherd/api';
import { localAnnotation, localVolume } from '../names.ts';
import type { RenderInput } from './input.ts';
import type { MountedVolume } from './mounts.ts';
import { isSet, sorted } from './variables.ts';

/**
 * Parameters that Patroni takes from each pod's own configuration; all others live in Patroni's shared dynamic
 * configuration.
 */
const localParameters = new Set([
  'archive_command',
  'shared_buffers',
  'logging_collector',
  'log_destination',
  'log_directory',
  'log_filename',
  'log_file_mode',
  'log_rotation_age',
  'log_truncate_on_rotation',
  'ssl',
  'ssl_ca_file',
  'ssl_crl_file',
  'ssl_cert_file',
  'ssl_key_file',
  'shared_preload_libraries',
  'bg_mon.listen_address',
  'bg_mon.history_buckets',
  'pg_stat_statements.track_utility',
  'extwlist.extensions',
  'extwlist.custom_path',
]);

/** Whether each member has this parameter in its own configuration. */
export function isLocalParameter(name: string): boolean {
  return localParameters.has(name);
}

/** What each member has in its own configuration, with keys in a fixed order. */
export interface LocalSection {
  parameters?: Record<string, string>;
  pg_hba?: string[];
}

/** What the manifest says about it. */
export function localSection({ manifest }: Pick<RenderInput, 'manifest'>): LocalSection {
  const all = Object.entries(manifest.spec.postgresql.parameters ?? {});
  const parameters = sorted(Object.fromEntries(all.filter(([name]) => isLocalParameter(name))));
  const hba = manifest.spec.patroni?.pg_hba ?? [];
  return {
    ...(Object.keys(parameters).length > 0 ? { parameters } : {}),
    ...(hba.length > 0 ? { pg_hba: hba } : {}),
  };
}

/** Whether the pods' image can read the section from a file: pgherd's own can. */
export function canReadFile(manifest: Postgresql, configuration: Configuration): boolean {
  const { dockerImage } = manifest.spec;
  return isOwnImage(isSet(dockerImage) ? dockerImage : configuration.docker_image);
}

/**
 * Whether members read the section from a file that changes while they run. Otherwise it is in a variable, and every
 * change of it replaces the pods. An existing cluster goes over to the file when its pods are replaced for this anyway.
 */
export function usesFile(input: RenderInput): boolean {
  const { manifest, configuration, remembered } = input;
  if (!canReadFile(manifest, configuration)) return false;
  const pods = remembered.statefulSet;
  if (pods === undefined || pods.readsLocalFile === true) return true;
  return !isDeepStrictEqual(pods.localSection ?? {}, localSection(input));
}

/** The pods' annotation that the file is made from; none when there is nothing to say. */
export function localAnnotations(input: RenderInput): Record<string, string> {
  const section = localSection(input);
  return usesFile(input) && Object.keys(section).length > 0
    ? { [localAnnotation]: JSON.stringify(section) }
    : {};
}

/** Directory of the file; its name is `postgresql.json`. */
const path = '/etc/pgherd';

/**
 * The file, by the downward API: kubelet writes it anew as soon as the annotation of the running pod changes. It needs
 * no object of its own, and a pod that is made again has what its template says.
 */
export const localFileVolume: MountedVolume = {
  volume: {
    name: localVolume,
    downwardAPI: {
      items: [
        {
          path: 'postgresql.json',
          fieldRef: { apiVersion: 'v1', fieldPath: `metadata.annotations['${localAnnotation}']` },
        },
      ],
    },
  },
  mount: { name: localVolume, mountPath: path, readOnly: true },
  containers: ['postgres'],
};
