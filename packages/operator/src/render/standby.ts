import { isOwnImage, type Postgresql } from '@pgherd/api';
import type { RenderInput } from './input.ts';
import { isSet } from './variables.ts';

/** Variables with which Spilo follows an archive, if the manifest sets them itself. */
const archiveVariable = /^STANDBY_WAL[EG]_(S3|GS|GSC|SWIFT)_PREFIX$/;

/** Whether the cluster follows another one: by its section, or by a variable that Spilo acts on. */
export function isStandby({ spec }: Postgresql): boolean {
  return spec.standby !== undefined || (spec.env ?? []).some(({ name }) => archiveVariable.test(name));
}

/** Spilo's own ways to fill a new member, and to get at archived files. */
const spiloMethods = {
  create_replica_methods: ['bootstrap_standby_with_wale', 'basebackup_fast_xlog'],
  restore_command: 'envdir "/run/etc/wal-e.d/env-standby" /scripts/restore_command.sh "%f" "%p"',
};

/** The part of Patroni's dynamic configuration that makes a cluster follow another one; empty without `spec.standby`. */
export function standbyCluster({ manifest, configuration }: RenderInput): Record<string, unknown> {
  const { standby, dockerImage } = manifest.spec;
  if (standby === undefined) return {};
  const image = isSet(dockerImage) ? dockerImage : configuration.docker_image;
  return {
    standby_cluster: {
      ...(isOwnImage(image) ? {} : spiloMethods),
      host: orNull(standby.standby_host),
      port: orNull(standby.standby_port),
      primary_slot_name: orNull(standby.standby_primary_slot_name),
    },
  };
}

/** In a patch null takes a setting away. */
function orNull(value: string | undefined): string | null {
  return isSet(value) ? value : null;
}
