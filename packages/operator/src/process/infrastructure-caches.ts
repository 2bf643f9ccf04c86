import type { Configuration } from '@pgherd/api';
import type { Manager, Source } from '@pgherd/kube/runtime';
import { kinds } from '../kinds.ts';
import {
  infrastructureOf,
  infrastructurePlaces,
  type Infrastructure,
} from '../observe/infrastructure-roles.ts';
import { NamedCaches } from './named-caches.ts';

/** Watches of the Secrets that roles of all clusters are in, and of the ConfigMaps of their names. */
export class InfrastructureCaches {
  readonly #configuration: Configuration;
  readonly #own: string;
  readonly #caches: NamedCaches;
  /** As it was read from what is there now; null: to be read again. */
  #read: { infrastructure: Infrastructure | undefined } | null = null;

  /** `own`: the operator's namespace. */
  constructor(manager: Manager, configuration: Configuration, own: string) {
    this.#configuration = configuration;
    this.#own = own;
    const places = infrastructurePlaces(configuration, own);
    const objects = places.flatMap(({ name, namespaces }) =>
      namespaces.flatMap((namespace) =>
        [kinds.secret, kinds.configMap].map((kind) => ({ kind, name, namespace })),
      ),
    );
    this.#caches = new NamedCaches(manager, objects);
    this.#caches.onChange(() => (this.#read = null));
  }

  /** The roles, read once for all clusters; undefined when none are configured. */
  roles(): Infrastructure | undefined {
    this.#read ??= { infrastructure: infrastructureOf(this.#caches, this.#configuration, this.#own) };
    return this.#read.infrastructure;
  }

  /** What could not be listed yet and has to be known. Nobody looks further than where the Secret was found. */
  missing(): string[] {
    return infrastructurePlaces(this.#configuration, this.#own).flatMap(({ name, namespaces }) => {
      const found = namespaces.findIndex(
        (namespace) => this.#caches.get(kinds.secret, namespace, name) !== undefined,
      );
      const needed = found < 0 ? namespaces : namespaces.slice(0, found + 1);
      return needed.flatMap((namespace) =>
        [kinds.secret, kinds.configMap]
          .filter((kind) => !this.#caches.isKnown(kind, namespace, name))
          .map((kind) => `${kind.plural} ${name} in ${namespace}`),
      );
    });
  }

  /** Calls `changed` whenever the roles may be others. Returns its end. */
  onChange(changed: () => void): () => void {
    return this.#caches.onChange(changed);
  }

  /** What starts a pass. */
  sources(clusters: () => string[]): Source[] {
    return this.#caches.sources(clusters);
  }
}
