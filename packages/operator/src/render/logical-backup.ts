import type { CronJobSpec } from '@pgherd/kube/objects';
import { kinds, type Desired } from '../kinds.ts';
import { asLogicalBackup, objectLabels, podAnnotations, roleAnnotation } from '../labels.ts';
import { logicalBackupName } from '../names.ts';
import { identityOf, type RenderInput } from './input.ts';
import { logicalBackupPod } from './logical-backup-pod.ts';
import { clusterObject, ownerOf } from './metadata.ts';
import { isSet } from './variables.ts';

/** The CronJob that dumps all databases, if the manifest asks for it. */
export function renderLogicalBackup(input: RenderInput): Desired[] {
  const { configuration, manifest, remembered } = input;
  if (manifest.spec.enableLogicalBackup !== true) return [];
  const { name, namespace } = identityOf(manifest);
  const { logicalBackupSchedule: schedule } = manifest.spec;
  const labels = asLogicalBackup(objectLabels(configuration, manifest));
  const annotations = podAnnotations(configuration, manifest);
  const spec: CronJobSpec = {
    schedule: isSet(schedule) ? schedule : configuration.logical_backup_schedule,
    concurrencyPolicy: 'Forbid',
    successfulJobsHistoryLimit: configuration.logical_backup_successful_jobs_history_limit,
    failedJobsHistoryLimit: configuration.logical_backup_failed_jobs_history_limit,
    jobTemplate: {
      spec: {
        ttlSecondsAfterFinished: configuration.logical_backup_ttl_seconds_after_finished,
        template: {
          metadata: {
            namespace,
            labels,
            annotations: { ...annotations, ...roleAnnotation(configuration) },
          },
          spec: logicalBackupPod(input, labels),
        },
      },
    },
  };
  const missing = remembered.backupEnvironment?.missing;
  const cronJob = clusterObject(
    input,
    kinds.cronJob,
    logicalBackupName(configuration, name),
    { spec },
    { labels, annotations },
  );
  // Names are cut, so that another cluster's may be the same.
  return [{ ...cronJob, owner: ownerOf(input), ...(missing === undefined ? {} : { waitFor: missing }) }];
}
