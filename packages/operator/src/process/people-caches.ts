import { postgresTeamResource, type PostgresTeam } from '@pgherd/api';
import type { Cache } from '@pgherd/kube/cache';
import { secrets, type KubeObject, type ResourceType, type Secret } from '@pgherd/kube/objects';
import type { Manager } from '@pgherd/kube/runtime';
import { mergePostgresTeams, type TeamMap } from '../people/team-map.ts';
import { tokenOf, type Token } from '../people/token.ts';
import type { Namespaces } from './namespaces.ts';
import type { Shape } from './shape.ts';

/** Where `PostgresTeam` is served. */
export const postgresTeams: ResourceType = {
  group: postgresTeamResource.group,
  version: postgresTeamResource.version,
  plural: postgresTeamResource.plural,
  kind: postgresTeamResource.kind,
  namespaced: true,
};

/**
 * Watches of what says who may log in: `PostgresTeam` objects, and the Secret with the token for the Teams API, by name
 * alone. No cluster waits for them.
 */
export class PeopleCaches {
  readonly #teams: Cache<KubeObject>[];
  readonly #token: Cache<Secret> | undefined;
  readonly #secret: { namespace: string; name: string } | undefined;
  #merged: TeamMap | undefined;

  constructor(manager: Manager, { people }: Shape, namespaces: Namespaces, own: string) {
    const where = namespaces === '*' ? [{}] : namespaces.map((namespace) => ({ namespace }));
    const isWatched = people.enable_postgres_team_crd;
    this.#teams = isWatched ? where.map((each) => manager.cache(postgresTeams, each)) : [];
    if (people.token === undefined) return;
    const { name, namespace = own } = people.token;
    this.#secret = { namespace, name };
    const fieldSelector = `metadata.name=${name}`;
    this.#token = manager.cache(secrets, { namespace, fieldSelector });
  }

  /** Of all objects together; undefined until they are known. */
  teams(): TeamMap | undefined {
    if (!this.#teams.every(({ isSynced }) => isSynced)) return undefined;
    this.#merged ??= mergePostgresTeams(this.#teams.flatMap((cache) => cache.list() as PostgresTeam[]));
    return this.#merged;
  }

  /** The token for the Teams API. */
  token(): Token {
    const { namespace, name } = this.#secret ?? {};
    const where = this.#secret === undefined ? '' : `${namespace}/${name}`;
    if (this.#token?.isSynced === false)
      return {
        value: undefined,
        version: 'unread',
        problem: `Secret ${where} with the token for the Teams API could not be read yet`,
      };
    const found = this.#secret === undefined ? undefined : this.#token?.get(this.#secret);
    return tokenOf(found, where);
  }

  /** Calls `changed` when any of it changes, and when it is known for the first time. Returns its end. */
  onChange(changed: () => void): () => void {
    let isWanted = true;
    const tell = (): void => {
      this.#merged = undefined;
      if (isWanted) changed();
    };
    const caches = [...this.#teams, ...(this.#token === undefined ? [] : [this.#token])];
    const stops = caches.map((cache) => cache.onChange(tell));
    // An empty cache tells of nothing.
    for (const { synced } of caches) void synced.then(tell);
    return () => {
      isWanted = false;
      for (const stop of stops) stop();
    };
  }
}
