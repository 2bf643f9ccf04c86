import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { ApiError, share, systemClock, type Clock, type KubeObject } from '@pgherd/kube/objects';
import { deepFreeze } from './freeze.ts';
import { byKey, ResourceState, type Narrowing } from './resource-state.ts';

/** One change, as watchers see it. */
export interface StoredEvent {
  revision: number;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** Group and plural, e.g. `pods` or `apps/statefulsets`. */
  resource: string;
  /** Empty for cluster-scoped objects. */
  namespace: string;
  name: string;
  /** After the change; of a deletion the last state with the deletion's own resourceVersion. */
  object: KubeObject;
  /** Before the change; absent on ADDED. */
  previous?: KubeObject;
}

export interface StoreOptions {
  /** Database file, or `:memory:`. */
  path: string;
  clock?: Clock;
  /** Events that are always kept for watches, however old. */
  minimumEvents?: number;
  /** Events that are kept at most, however young. */
  maximumEvents?: number;
  /** Milliseconds that events are kept within these two bounds. */
  eventAge?: number;
  /** Pages of the file at most; what goes beyond fails like a full disk. Default: SQLite's, which no disk reaches. */
  maximumPages?: number;
}

/**
 * The only state of the API server: an append-only table of events, whose row number is the resourceVersion
 * (the idea is kine's). What is current also lies in memory, parsed and frozen, so reads touch no disk; a
 * write, or the transaction that it is in, returns after the operating system has the row on disk. One writer,
 * everything synchronous.
 */
export interface Store {
  /** Newest revision. */
  readonly revision: number;
  /** Events up to this revision are gone; what is older than it cannot be read or watched any more. */
  readonly compacted: number;
  get(resource: string, namespace: string, name: string): KubeObject | undefined;
  /** Sorted by namespace and name as etcd sorts; `namespace` undefined: all. */
  list(resource: string, namespace?: string, narrowing?: Narrowing): readonly KubeObject[];
  /** What `list` answered when `revision` was the newest. The caller checks `compacted` first. */
  listAt(resource: string, namespace: string | undefined, revision: number): readonly KubeObject[];
  /** Appends one event; `make` gets the revision that the object has to carry. Throws 503 when the disk fails. */
  put(resource: string, namespace: string, name: string, make: (revision: number) => KubeObject): KubeObject;
  /** Removes what exists, showing it as `last` if given; `undefined` if nothing did. */
  remove(resource: string, namespace: string, name: string, last?: KubeObject): KubeObject | undefined;
  /**
   * Lets the writes of `work` go to disk together: waiting for the disk is what takes long. Listeners hear of them when
   * they are there. What `work` wrote before it threw stays. Throws 503, and nothing was written, when the disk fails.
   * Within another transaction it is part of that.
   */
  transaction<T>(work: () => T): T;
  /** Events of one resource later than `revision`, oldest first. */
  eventsAfter(resource: string, namespace: string | undefined, revision: number): StoredEvent[];
  /** Called once for each later event, in order, inside the write. */
  subscribe(listener: (event: StoredEvent) => void): () => void;
  /** Drops events outside the window. Runs by itself every minute. */
  compact(): void;
  /** Closes the database and unlocks it. Idempotent. */
  close(): void;
}

const ADDED = 0;
const MODIFIED = 1;
const DELETED = 2;
const typeNames = ['ADDED', 'MODIFIED', 'DELETED'] as const;

/** So many events at least stay in memory; they share with the current objects what has not changed since. */
const recentEvents = 5_000;

/** Writes that are not on disk yet. */
interface Batch {
  /** What was there before each write, for taking it back. */
  replaced: { resource: string; namespace: string; name: string; object: KubeObject | undefined }[];
  events: StoredEvent[];
  /** Revision before the first write. */
  revision: number;
  /** The disk's failure; what is written after it is lost in any case. */
  failure: ApiError | undefined;
}

interface Row {
  rv: number;
  resource: string;
  namespace: string;
  name: string;
  type: number;
  value: string;
  previousValue?: string | null;
}

const createTables = `
  CREATE TABLE IF NOT EXISTS event (
    rv INTEGER PRIMARY KEY,
    previous INTEGER,
    time INTEGER NOT NULL,
    type INTEGER NOT NULL,
    resource TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS event_key ON event (resource, namespace, name, rv);
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
`;

/**
 * Opens or creates the database. The file is locked against a second process until `close` or the process's end.
 *
 * @throws Error when the file cannot be opened, is locked by another process, or is damaged.
 */
export function openStore(options: StoreOptions): Store {
  return new SqliteStore(options);
}

class SqliteStore implements Store {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;
  readonly #limits: { minimum: number; maximum: number; age: number };
  readonly #insert: StatementSync;
  readonly #after: StatementSync;
  readonly #at: StatementSync;
  readonly #resources = new Map<string, ResourceState>();
  /** The last object written of each resource: what it has in common with a new one is kept once. */
  readonly #latest = new Map<string, KubeObject>();
  readonly #listeners = new Set<(event: StoredEvent) => void>();
  #revision = 0;
  #compacted = 0;
  #cancelCompaction: () => void = () => {};
  #closed = false;
  /** The last events, in order: what a watch that goes on has missed mostly needs no disk. */
  readonly #recent: StoredEvent[] = [];
  /** Absent outside of transactions. */
  #batch: Batch | undefined;

  constructor(options: StoreOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#limits = {
      minimum: options.minimumEvents ?? 10_000,
      maximum: options.maximumEvents ?? 50_000,
      age: options.eventAge ?? 600_000,
    };
    this.#db = new DatabaseSync(options.path);
    // Exclusive: a second server on the same file would hand out the same revisions.
    this.#db.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;',
    );
    this.#db.exec(createTables);
    if (options.maximumPages !== undefined) {
      this.#db.exec(`PRAGMA max_page_count = ${Math.floor(options.maximumPages)}`);
    }
    this.#insert = this.#db.prepare(
      'INSERT INTO event (rv, previous, time, type, resource, namespace, name, value) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#after = this.#db.prepare(
      `SELECT e.rv, e.resource, e.namespace, e.name, e.type, e.value, p.value AS previousValue
       FROM event e LEFT JOIN event p ON p.rv = e.previous
       WHERE e.rv > ? AND e.resource = ? AND (? IS NULL OR e.namespace = ?) ORDER BY e.rv`,
    );
    this.#at = this.#db.prepare(
      `SELECT e.rv, e.resource, e.namespace, e.name, e.type, e.value FROM event e
       JOIN (SELECT max(rv) AS rv FROM event WHERE resource = ? AND rv <= ? GROUP BY namespace, name) m ON m.rv = e.rv
       WHERE e.type <> ${DELETED} AND (? IS NULL OR e.namespace = ?)`,
    );
    this.#load();
    this.#scheduleCompaction();
  }

  get revision(): number {
    return this.#revision;
  }

  get compacted(): number {
    return this.#compacted;
  }

  get(resource: string, namespace: string, name: string): KubeObject | undefined {
    return this.#resources.get(resource)?.get(namespace, name);
  }

  list(resource: string, namespace?: string, narrowing?: Narrowing): readonly KubeObject[] {
    return this.#resources.get(resource)?.list(namespace, narrowing) ?? [];
  }

  listAt(resource: string, namespace: string | undefined, revision: number): readonly KubeObject[] {
    if (revision === this.#revision) return this.list(resource, namespace);
    const ns = namespace ?? null;
    const rows = this.#disk(() => this.#at.all(resource, revision, ns, ns)) as unknown as Row[];
    const sorted = rows.map((row) => ({ key: `${row.namespace}/${row.name}`, row })).sort(byKey);
    return sorted.map(({ row }) => parse(row.value));
  }

  put(resource: string, namespace: string, name: string, make: (revision: number) => KubeObject): KubeObject {
    const previous = this.get(resource, namespace, name);
    const made = make(this.#revision + 1);
    const object = share(made, previous ?? this.#latest.get(resource));
    this.#latest.set(resource, object);
    this.#append(previous ? MODIFIED : ADDED, resource, namespace, name, object, previous);
    return object;
  }

  remove(resource: string, namespace: string, name: string, last?: KubeObject): KubeObject | undefined {
    const previous = this.get(resource, namespace, name);
    if (!previous) return undefined;
    const shown = last ?? previous;
    const object = { ...shown, metadata: { ...shown.metadata, resourceVersion: String(this.#revision + 1) } };
    this.#append(DELETED, resource, namespace, name, object, previous);
    return object;
  }

  transaction<T>(work: () => T): T {
    if (this.#batch !== undefined) return work();
    const batch: Batch = { replaced: [], events: [], revision: this.#revision, failure: undefined };
    this.#batch = batch;
    try {
      return work();
    } finally {
      this.#batch = undefined;
      this.#commit(batch);
    }
  }

  #commit(batch: Batch): void {
    if (batch.failure === undefined && batch.events.length === 0) return;
    try {
      if (batch.failure !== undefined) throw batch.failure;
      this.#disk(() => this.#db.exec('COMMIT'));
    } catch (error) {
      // The database may have taken it back by itself.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      for (const { resource, namespace, name, object } of batch.replaced.reverse()) {
        if (object === undefined) this.#state(resource).delete(namespace, name);
        else this.#state(resource).set(namespace, name, object);
      }
      this.#revision = batch.revision;
      throw error;
    }
    for (const event of batch.events) this.#tell(event);
  }

  #tell(event: StoredEvent): void {
    this.#recent.push(event);
    if (this.#recent.length > 2 * recentEvents) this.#recent.splice(0, recentEvents);
    for (const listener of this.#listeners) listener(event);
  }

  eventsAfter(resource: string, namespace: string | undefined, revision: number): StoredEvent[] {
    if (revision >= this.#revision) return [];
    const oldest = this.#recent[0]?.revision ?? Infinity;
    if (oldest <= revision + 1) {
      return this.#recent.filter(
        (event) =>
          event.revision > revision &&
          event.resource === resource &&
          (namespace === undefined || event.namespace === namespace),
      );
    }
    const ns = namespace ?? null;
    const rows = this.#disk(() => this.#after.all(revision, resource, ns, ns)) as unknown as Row[];
    return rows.map((row) => ({
      revision: row.rv,
      type: typeNames[row.type] ?? 'MODIFIED',
      resource,
      namespace: row.namespace,
      name: row.name,
      object: parse(row.value),
      ...(row.previousValue ? { previous: parse(row.previousValue) } : {}),
    }));
  }

  subscribe(listener: (event: StoredEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  compact(): void {
    const { minimum, maximum, age } = this.#limits;
    const oldEnough = this.#db
      .prepare('SELECT max(rv) AS rv FROM event WHERE time < ?')
      .get(this.#clock.now() - age) as { rv: number | null };
    const byAge = Math.min(oldEnough.rv ?? 0, this.#revision - minimum);
    const floor = Math.max(byAge, this.#revision - maximum);
    if (floor <= this.#compacted) return;
    // What an event up to the floor replaced, and deletions up to the floor, nobody can ask for any more.
    this.#disk(() => {
      this.#db.exec('BEGIN');
      try {
        this.#db
          .prepare(
            'DELETE FROM event WHERE rv IN (SELECT previous FROM event WHERE rv > ? AND rv <= ? AND previous IS NOT NULL)',
          )
          .run(this.#compacted, floor);
        this.#db.prepare(`DELETE FROM event WHERE rv <= ? AND type = ${DELETED}`).run(floor);
        this.#db.prepare("INSERT OR REPLACE INTO meta VALUES ('compacted', ?)").run(floor);
        this.#db.exec('COMMIT');
      } catch (error) {
        this.#db.exec('ROLLBACK');
        throw error;
      }
    });
    this.#compacted = floor;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelCompaction();
    this.#db.close();
  }

  #load(): void {
    const rows = this.#db
      .prepare(
        `SELECT e.rv, e.resource, e.namespace, e.name, e.type, e.value FROM event e
         JOIN (SELECT max(rv) AS rv FROM event GROUP BY resource, namespace, name) m ON m.rv = e.rv
         WHERE e.type <> ${DELETED}`,
      )
      .all() as unknown as Row[];
    for (const row of rows) this.#state(row.resource).set(row.namespace, row.name, parse(row.value));
    const compacted = this.#db.prepare("SELECT value FROM meta WHERE key = 'compacted'").get();
    const newest = this.#db.prepare('SELECT max(rv) AS rv FROM event').get() as { rv: number | null };
    this.#compacted = Number(compacted?.['value'] ?? 0);
    this.#revision = Math.max(newest.rv ?? 0, this.#compacted);
  }

  #append(
    type: number,
    resource: string,
    namespace: string,
    name: string,
    object: KubeObject,
    previous: KubeObject | undefined,
  ): void {
    const revision = this.#revision + 1;
    const before = previous ? Number(previous.metadata.resourceVersion) : null;
    const value = JSON.stringify(object);
    const now = this.#clock.now();
    this.#write(() => this.#insert.run(revision, before, now, type, resource, namespace, name, value));
    this.#revision = revision;
    deepFreeze(object);
    if (type === DELETED) this.#state(resource).delete(namespace, name);
    else this.#state(resource).set(namespace, name, object);
    const event: StoredEvent = {
      revision,
      type: typeNames[type] ?? 'MODIFIED',
      resource,
      namespace,
      name,
      object,
      ...(previous ? { previous } : {}),
    };
    if (this.#batch === undefined) this.#tell(event);
    else {
      this.#batch.replaced.push({ resource, namespace, name, object: previous });
      this.#batch.events.push(event);
    }
  }

  /** Writes at once, or as part of the transaction at hand. */
  #write(insert: () => void): void {
    const batch = this.#batch;
    if (batch === undefined) {
      this.#disk(insert);
      return;
    }
    if (batch.failure !== undefined) throw batch.failure;
    try {
      this.#disk(() => {
        if (!this.#db.isTransaction) this.#db.exec('BEGIN');
        insert();
      });
    } catch (error) {
      batch.failure = error as ApiError;
      throw error;
    }
  }

  #state(resource: string): ResourceState {
    const known = this.#resources.get(resource);
    if (known) return known;
    const state = new ResourceState();
    this.#resources.set(resource, state);
    return state;
  }

  #scheduleCompaction(): void {
    this.#cancelCompaction = this.#clock.after(60_000, () => {
      try {
        this.compact();
      } catch {
        // A full disk: writers hear of it with their own request; the next round tries again.
      }
      if (!this.#closed) this.#scheduleCompaction();
    });
  }

  /** Trouble with the disk passes or is repaired: clients have to try again, never to give up (503, not 4xx). */
  #disk<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ApiError(503, 'ServiceUnavailable', `the store cannot be used right now: ${why}`, {
        retryAfterSeconds: 1,
      });
    }
  }
}

function parse(value: string): KubeObject {
  return deepFreeze(JSON.parse(value) as KubeObject);
}
