import type { Configuration, Postgresql } from '@pgherd/api';

export type Labels = Record<string, string>;

/** Labels that select everything of a cluster: `cluster_labels` and the cluster's name. */
export function selectorLabels(configuration: Configuration, cluster: string): Labels {
  return { ...configuration.cluster_labels, [configuration.cluster_name_label]: cluster };
}

/** Labels that objects of a cluster carry: the selector's, the team, and the inherited ones. */
export function objectLabels(configuration: Configuration, manifest: Postgresql): Labels {
  const labels = selectorLabels(configuration, manifest.metadata.name ?? '');
  if (manifest.spec.teamId !== '') labels['team'] = manifest.spec.teamId;
  for (const key of configuration.inherited_labels) {
    const value = manifest.metadata.labels?.[key];
    if (value !== undefined && !(key in labels)) labels[key] = value;
  }
  return labels;
}

/** The given labels plus the role of a pod or Service. The values are Spilo's words. */
export function withRole(configuration: Configuration, labels: Labels, role: 'master' | 'replica'): Labels {
  return { ...labels, [configuration.pod_role_label]: role };
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
