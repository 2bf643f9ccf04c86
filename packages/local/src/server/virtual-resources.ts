/** A kind that is only ever created, never stored: the answer is in the object that comes back. */
export interface VirtualResource {
  group: string;
  version: string;
  kind: string;
  plural: string;
  singular: string;
  listKind: string;
  subresources: string[];
  namespaced: boolean;
  verbs: string[];
}

function review(group: string, kind: string, namespaced = false): VirtualResource {
  const singular = kind.toLowerCase();
  return {
    group,
    version: 'v1',
    kind,
    plural: `${singular}s`,
    singular,
    listKind: `${kind}List`,
    subresources: [],
    namespaced,
    verbs: ['create'],
  };
}

export const virtualResources: readonly VirtualResource[] = [
  review('authentication.k8s.io', 'TokenReview'),
  review('authentication.k8s.io', 'SelfSubjectReview'),
  review('authorization.k8s.io', 'SelfSubjectAccessReview'),
  review('authorization.k8s.io', 'SelfSubjectRulesReview'),
  review('authorization.k8s.io', 'SubjectAccessReview'),
  review('authorization.k8s.io', 'LocalSubjectAccessReview', true),
];
