import { apiVersionOf } from '@pgherd/kube/objects';
import { kinds, type Desired } from '../kinds.ts';
import { inheritedAnnotations } from '../labels.ts';
import { claimName } from '../names.ts';
import { identityOf, type RenderInput } from './input.ts';
import { instancesOf } from './instances.ts';

/** The StatefulSet makes the claims; annotations that are inherited later are merged into those that exist. */
export function renderClaims({ configuration, manifest }: RenderInput): Desired[] {
  if (configuration.inherited_annotations.length === 0) return [];
  const { name, namespace } = identityOf(manifest);
  const annotations = inheritedAnnotations(configuration, manifest);
  return Array.from({ length: instancesOf(configuration, manifest) }, (_, ordinal) => ({
    kind: kinds.claim,
    object: {
      apiVersion: apiVersionOf(kinds.claim),
      kind: kinds.claim.kind,
      metadata: {
        name: claimName(name, ordinal),
        namespace,
        ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
      },
    },
    care: 'merged' as const,
  }));
}
