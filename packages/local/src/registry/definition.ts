import type { Clock, KubeObject } from '@pgherd/kube/objects';
import type { FieldError, Schema } from '@pgherd/kube/schema';
import type { Store } from '../store/index.ts';
import type { DeleteOptions, ServedResource, User } from './registry.ts';

/** What the per-kind rules may look at besides the object. */
export interface Surroundings {
  store: Store;
  clock: Clock;
  /** Range of cluster IPs, e.g. `10.214.7.0/24`. */
  serviceSubnet: string;
  /** The cluster IP that only `default/kubernetes` may have. */
  kubernetesServiceIp: string;
  /** Who writes; the trusted in-process caller when absent. */
  user?: User;
  warn: (message: string) => void;
}

/** Which names a kind allows: DNS subdomain, DNS label, DNS label starting with a letter, any path segment. */
export type NameRule = 'subdomain' | 'label' | 'label1035' | 'path';

/**
 * The rules of one kind beyond its schema. Functions named `prepare…` may change the object they get, all others
 * only look. Paths in causes are Kubernetes' own.
 */
export interface Strategy {
  nameRule: NameRule;
  /** `metadata.generation` counts changes of anything but metadata and status. */
  generation: boolean;
  /** `status` is a field like others, and counts for the generation: a custom kind without that subresource. */
  statusCounts?: boolean;
  /** PUT of a name that does not exist creates it. */
  createOnUpdate: boolean;
  /** PUT without `metadata.resourceVersion` overwrites. */
  unconditionalUpdate: boolean;
  /** DELETE answers the object rather than a Status. */
  returnDeleted: boolean;
  /** Selectable fields besides `metadata.name` and `metadata.namespace`; all keys always present. */
  fields?: (object: KubeObject) => Record<string, string>;
  /** Before validation on create: what the server fills in or clears. */
  prepareCreate?: (object: KubeObject, around: Surroundings) => void;
  /** Before validation on update of the object itself. */
  prepareUpdate?: (next: KubeObject, old: KubeObject, around: Surroundings) => void;
  validate?: (object: KubeObject, around: Surroundings) => FieldError[];
  /** Besides `validate`: what only a new object must not have. */
  validateCreate?: (object: KubeObject) => FieldError[];
  /** Besides `validate`: what may not change. */
  validateUpdate?: (next: KubeObject, old: KubeObject, around: Surroundings) => FieldError[];
  validateStatus?: (next: KubeObject, old: KubeObject) => FieldError[];
  /** Runs before anything is stored; throws to refuse (admission). */
  admitCreate?: (object: KubeObject, around: Surroundings) => void;
  admitUpdate?: (next: KubeObject, old: KubeObject, around: Surroundings) => void;
  admitDelete?: (object: KubeObject, around: Surroundings) => void;
  /** Seconds between the deletion and the end; undefined: the kind is deleted at once. */
  graceSeconds?: (object: KubeObject, options: DeleteOptions) => number;
  /** A deletion that does not say otherwise leaves dependents behind, and warns its caller with this. */
  orphansDependents?: string;
  /** On the first deletion of an object that has to wait: e.g. a Namespace's phase. */
  prepareDelete?: (object: KubeObject) => void;
  /** What keeps the object besides finalizers, e.g. a Namespace's `spec.finalizers`. */
  heldBack?: (object: KubeObject) => boolean;
  /** Turns what is stored into this version, and back. */
  fromStorage?: (object: KubeObject) => KubeObject;
  toStorage?: (object: KubeObject) => KubeObject;
}

/** One served version of one kind. */
export interface ResourceDefinition extends ServedResource {
  /** Key in the store; versions of the same kind share it. */
  storage: string;
  strategy: Strategy;
  /** Only of kinds from a CustomResourceDefinition: the version's schema and the CRD's name. */
  custom?: CustomKind;
}

/** One entry of `additionalPrinterColumns`. */
export interface PrinterColumn {
  name: string;
  type: string;
  jsonPath: string;
  description?: string;
  format?: string;
  priority?: number;
}

/** What only kinds from a CustomResourceDefinition have. */
export interface CustomKind {
  /** Name of the CustomResourceDefinition. */
  crd: string;
  schema: Schema;
  statusSubresource: boolean;
  /** `additionalPrinterColumns` of the version. */
  columns: PrinterColumn[];
  /** Warning for everybody who uses a deprecated version. */
  deprecation?: string;
}

export const allVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

const defaultStrategy: Strategy = {
  nameRule: 'subdomain',
  generation: false,
  createOnUpdate: false,
  unconditionalUpdate: true,
  returnDeleted: false,
};

/** What differs from the usual when a built-in kind is registered. */
export interface DefinitionInput {
  group: string;
  version: string;
  kind: string;
  plural: string;
  /** Default true. */
  namespaced?: boolean;
  shortNames?: string[];
  categories?: string[];
  /** Default: all. */
  verbs?: string[];
  subresources?: string[];
  storage?: string;
  strategy?: Partial<Strategy>;
}

export function define(input: DefinitionInput): ResourceDefinition {
  return {
    group: input.group,
    version: input.version,
    kind: input.kind,
    plural: input.plural,
    singular: input.kind.toLowerCase(),
    listKind: `${input.kind}List`,
    namespaced: input.namespaced ?? true,
    shortNames: input.shortNames ?? [],
    categories: input.categories ?? [],
    verbs: input.verbs ?? allVerbs,
    subresources: input.subresources ?? [],
    storage: input.storage ?? (input.group === '' ? input.plural : `${input.group}/${input.plural}`),
    strategy: { ...defaultStrategy, ...input.strategy },
  };
}
