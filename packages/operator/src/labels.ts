import type { Configuration, Postgresql } from '@pgherd/api';
import { clusterNamespaceLabel } from './names.ts';

export type Labels = Record<string, string>;

/** Labels that select everything of a cluster: `cluster_labels` and the cluster's name. */
export function selectorLabels(configuration: Configuration, cluster: string): Labels {
  return { ...configuration.cluster_labels, [configuration.cluster_name_label]: cluster };
}

/**
 * Labels that objects of a cluster carry: the selector's, the team, and the inherited ones. An inherited `team` wins, as
 * in Zalando's operator; what is selected by cannot be inherited, or else pods would not be found.
 */
export function objectLabels(configuration: Configuration, manifest: Postgresql): Labels {
  const selector = selectorLabels(configuration, manifest.metadata.name ?? '');
  const labels: Labels = { ...selector, team: manifest.spec.teamId };
  for (const key of configuration.inherited_labels) {
    const value = manifest.metadata.labels?.[key];
    if (value !== undefined && !(key in selector)) labels[key] = value;
  }
  return { ...labels, ...selector };
}

/** The given labels plus the role of a pod or Service. The values are Spilo's words. */
export function withRole(configuration: Configuration, labels: Labels, role: 'master' | 'replica'): Labels {
  return { ...labels, [configuration.pod_role_label]: role };
}

/** What `application` says on objects of a pooler, whatever `cluster_labels` say. */
const poolerApplication = 'db-connection-pooler';

/** What `application` says on the CronJob of logical backups, whatever `cluster_labels` say. */
const logicalBackupApplication = 'spilo-logical-backup';

/** Label of everything that belongs to a pooler, with the pooler's name. */
export const poolerLabel = 'connection-pooler';

/** The given labels, made those of a pooler's objects. */
export function asPooler(labels: Labels, pooler: string): Labels {
  return { ...labels, application: poolerApplication, [poolerLabel]: pooler };
}

/** The given labels, made those of the logical backup's objects. */
export function asLogicalBackup(labels: Labels): Labels {
  return { ...labels, application: logicalBackupApplication };
}

/** Whether the object carries the label of a logical backup. */
export function isLogicalBackup({ metadata }: { metadata: { labels?: Labels } }): boolean {
  return metadata.labels?.['application'] === logicalBackupApplication;
}

/**
 * Label selector of everything that clusters (or one `cluster`) consist of, and of nothing else. `parts`: also what
 * `asPooler` and `asLogicalBackup` have labelled.
 */
export function clustersSelector(
  configuration: Configuration,
  options: { parts: boolean; cluster?: string },
): string {
  const labels = Object.entries(configuration.cluster_labels).map(([key, value]) =>
    key === 'application' && options.parts
      ? `${key} in (${value},${poolerApplication},${logicalBackupApplication})`
      : `${key}=${value}`,
  );
  const name = configuration.cluster_name_label;
  return [...labels, options.cluster === undefined ? name : `${name}=${options.cluster}`].join(',');
}

/** Annotations of the manifest that its objects inherit (`inherited_annotations`). */
export function inheritedAnnotations(configuration: Configuration, manifest: Postgresql): Labels {
  const annotations: Labels = {};
  for (const key of configuration.inherited_annotations) {
    const value = manifest.metadata.annotations?.[key];
    if (value !== undefined) annotations[key] = value;
  }
  return annotations;
}

/** Annotations of every pod of the cluster: database, pooler and backup. */
export function podAnnotations(configuration: Configuration, manifest: Postgresql): Labels {
  return {
    ...configuration.custom_pod_annotations,
    ...manifest.spec.podAnnotations,
    ...inheritedAnnotations(configuration, manifest),
  };
}

/** Annotation by which kube2iam knows the role that a pod may take on: of pods that get at archives and dumps. */
export function roleAnnotation({ kube_iam_role: role }: Configuration): Labels {
  return role === '' ? {} : { 'iam.amazonaws.com/role': role };
}

/**
 * Annotations of the manifest for programs that scale by the clock (`downscaler_annotations`: regular expressions, which
 * match anywhere in the name). They are on what has replicas.
 */
export function downscalerAnnotations(configuration: Configuration, manifest: Postgresql): Labels {
  const expressions = configuration.downscaler_annotations.map((expression) => new RegExp(expression));
  const annotations = Object.entries(manifest.metadata.annotations ?? {});
  return Object.fromEntries(
    annotations.filter(([name]) => expressions.some((expression) => expression.test(name))),
  );
}

/** Namespace of the cluster that an object belongs to: its own, unless it says otherwise. */
export function clusterNamespaceOf({
  metadata,
}: {
  metadata: { namespace?: string; labels?: Labels };
}): string {
  return metadata.labels?.[clusterNamespaceLabel] ?? metadata.namespace ?? '';
}
