import { apiVersionOf, type KubeObject, type OwnerReference } from '@pgherd/kube/objects';
import { inheritedAnnotations, objectLabels, type Labels } from '../labels.ts';
import { postgresqls, type Desired, type Kind, type Owner } from '../kinds.ts';
import { identityOf, type RenderInput } from './input.ts';

/**
 * An object of the cluster with the metadata that all of them carry. Empty maps are left out; `more.labels` win over the
 * common labels, `more.onlyLabels` stand for all of them; inherited annotations win over `more.annotations`.
 */
export function clusterObject(
  input: RenderInput,
  kind: Kind,
  name: string,
  fields: Record<string, unknown>,
  more: { labels?: Labels; annotations?: Labels; onlyLabels?: Labels } = {},
): Desired {
  const { manifest, configuration } = input;
  const annotations = { ...more.annotations, ...inheritedAnnotations(configuration, manifest) };
  const owners = ownerReferences(input);
  const object: KubeObject = {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: {
      name,
      namespace: identityOf(manifest).namespace,
      labels: more.onlyLabels ?? { ...objectLabels(configuration, manifest), ...more.labels },
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
      ...(owners.length > 0 ? { ownerReferences: owners } : {}),
    },
    ...fields,
  };
  return { kind, object };
}

/** The manifest's own owners are passed down; `enable_owner_references` adds the manifest itself. */
export function ownerReferences(input: RenderInput): OwnerReference[] {
  const { manifest, configuration } = input;
  const owners = [...((manifest as KubeObject).metadata.ownerReferences ?? [])];
  if (configuration.enable_owner_references) {
    owners.push({
      apiVersion: apiVersionOf(postgresqls),
      kind: postgresqls.kind,
      name: manifest.metadata.name ?? '',
      uid: manifest.metadata.uid ?? '',
      controller: true,
    });
  }
  return owners;
}

/** The object in another namespace than its cluster's: owners are only possible within one. */
export function objectInNamespace({ kind, object }: Desired, namespace: string): Desired {
  const { ownerReferences: _owners, ...metadata } = object.metadata;
  return { kind, object: { ...object, metadata: { ...metadata, namespace } } };
}

/** The cluster itself, for objects whose name another cluster's object may have as well. */
export function ownerOf({ manifest, configuration }: RenderInput): Owner {
  const { name, namespace } = identityOf(manifest);
  return { cluster: name, namespace, label: configuration.cluster_name_label };
}
