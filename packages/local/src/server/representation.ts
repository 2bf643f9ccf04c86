import type { KubeObject } from '@pgherd/kube/objects';
import type { ResourceDefinition } from '../registry/index.ts';
import type { ListResult } from '../registry/registry.ts';
import type { Representation } from './media-type.ts';
import type { TableMaker } from './server-options.ts';

type Include = 'None' | 'Metadata' | 'Object';

/** How objects of one request are shown: as they are, as rows of a Table, or by their metadata. */
export class Presenter {
  readonly #representation: Representation;
  readonly #toTable: TableMaker | undefined;
  readonly #include: Include;

  constructor(representation: Representation, toTable: TableMaker | undefined, includeObject: string | null) {
    this.#representation = representation;
    this.#toTable = toTable;
    this.#include = includeObject === 'None' || includeObject === 'Object' ? includeObject : 'Metadata';
  }

  /** Objects go out as they are stored. */
  get plain(): boolean {
    return this.#representation.as === undefined;
  }

  one(definition: ResourceDefinition, object: KubeObject): unknown {
    const { as } = this.#representation;
    if (as === 'Table' && this.#toTable) {
      return this.#table(definition, [object], { resourceVersion: object.metadata.resourceVersion });
    }
    return as === undefined ? object : this.#partial(object);
  }

  list(definition: ResourceDefinition, result: ListResult): unknown {
    const metadata = {
      resourceVersion: result.resourceVersion,
      ...(result.continue === undefined ? {} : { continue: result.continue }),
      ...(result.remainingItemCount === undefined ? {} : { remainingItemCount: result.remainingItemCount }),
    };
    const { as, version = 'v1' } = this.#representation;
    if (as === 'Table' && this.#toTable) return this.#table(definition, result.items, metadata);
    if (as !== undefined) {
      return {
        kind: 'PartialObjectMetadataList',
        apiVersion: `meta.k8s.io/${version}`,
        metadata,
        items: result.items.map((item) => this.#partial(item)),
      };
    }
    const apiVersion =
      definition.group === '' ? definition.version : `${definition.group}/${definition.version}`;
    // Items of a list carry no kind of their own, except those of custom resources.
    const items = definition.custom ? result.items : result.items.map(withoutKind);
    return { kind: definition.listKind, apiVersion, metadata, items };
  }

  /** One object of a watch; only the first Table carries the columns. */
  event(definition: ResourceDefinition, object: KubeObject, first: boolean): unknown {
    const shown = this.one(definition, object) as Record<string, unknown>;
    return first || shown['kind'] !== 'Table' ? shown : { ...shown, columnDefinitions: null };
  }

  #table(definition: ResourceDefinition, objects: readonly KubeObject[], metadata: object): unknown {
    const { version = 'v1' } = this.#representation;
    const table = this.#toTable?.(definition, objects, { includeObject: this.#include, now: Date.now() });
    return { kind: 'Table', apiVersion: `meta.k8s.io/${version}`, metadata, ...table };
  }

  #partial(object: KubeObject): unknown {
    const { version = 'v1' } = this.#representation;
    return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
  }
}

function withoutKind(object: KubeObject): KubeObject {
  const { kind: _kind, apiVersion: _version, ...rest } = object;
  return rest;
}
