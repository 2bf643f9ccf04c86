import type { Postgresql } from '@pgherd/api';
import type { Client } from '@pgherd/kube/client';
import { systemClock, type Logger } from '@pgherd/kube/objects';
import type { HealthChecks } from '@pgherd/kube/runtime';
import type { ObjectSource } from '../observe/source.ts';
import type { Settings } from '../settings.ts';
import { Access } from './access.ts';
import type { ProcessFacts } from './configuration-answer.ts';
import { Journal } from './journal.ts';
import { journalLogger } from './journal-logger.ts';
import { Metrics } from './metrics.ts';
import { redactText, secretValues } from '../redact.ts';
import { routesOf } from './routes.ts';
import { serveHttp, type HttpServer } from './server.ts';
import type { Subject } from './subject.ts';
import type { VolumeWatch } from '../volumes/volume-watch.ts';
import { WorkerSlots } from './worker-slots.ts';

/** What is watched, and what waits for a worker. */
interface Works {
  caches: Pick<ObjectSource, 'get'> & { manifests(): Postgresql[] };
  controller: { queue: { readonly waiting: string[] } };
  volumes: Pick<VolumeWatch, 'list'>;
}

/** The parts of the operator that are told of, once they are there. */
export interface OperatorParts {
  client: Pick<Client, 'create'>;
  /** Watches and queue; undefined while there are none, because the configuration changes or is missing. */
  works: () => Works | undefined;
  /** Whether this operator looks after the cluster of a manifest. */
  isOwn: (manifest: Postgresql) => boolean;
  leadership: Subject['leadership'];
  facts: ProcessFacts;
  live: HealthChecks;
  ready: HealthChecks;
}

/**
 * What is remembered and counted of the operator's work, and the HTTP API that tells of it. It is made first, because
 * everything else logs through it.
 */
export class OperatorHttp {
  readonly metrics = new Metrics();
  readonly journal: Journal;
  /** Logs, and remembers. */
  readonly log: Logger;
  readonly #settings: () => Settings;
  readonly #slots = new WorkerSlots();

  constructor(settings: () => Settings, log: Logger) {
    this.#settings = settings;
    this.journal = new Journal(() => {
      const { ring_log_lines: lines, cluster_history_entries: changes } = settings().configuration;
      return { lines, changes };
    });
    this.log = journalLogger(
      log,
      this.journal,
      () => this.#slots.current,
      (text) => this.#clean(text),
    );
  }

  /** Does the work of a pass under a worker's number; `isThere` says whether the cluster exists afterwards. */
  async pass<T>(key: string, work: () => Promise<T>, isThere: () => boolean): Promise<T> {
    try {
      return await this.#slots.run(key, work);
    } finally {
      if (!isThere()) {
        this.journal.forget(key);
        this.#slots.forget(key);
      }
    }
  }

  /** Serves the HTTP API. `host` undefined is all addresses; port 0 takes a free one. */
  async listen(parts: OperatorParts, host: string | undefined, port: number): Promise<HttpServer> {
    const subject = this.#subject(parts);
    return serveHttp({
      host,
      port,
      routes: routesOf(subject),
      access: new Access(parts.client, systemClock),
      leadership: () => parts.leadership(),
      clean: (text) => this.#clean(text),
      onAnswer: (path, status) => this.metrics.answer(path, status),
    });
  }

  #clean(text: string): string {
    return redactText(text, secretValues(this.#settings().configuration));
  }

  #subject(parts: OperatorParts): Subject {
    const { works, isOwn } = parts;
    const manifests = () => works()?.caches.manifests().filter(isOwn) ?? [];
    const waiting = () => works()?.controller.queue.waiting ?? [];
    return {
      ...parts,
      manifests,
      waiting,
      find: (kind, namespace, name) => works()?.caches.get(kind, namespace, name),
      settings: this.#settings,
      slots: this.#slots,
      journal: this.journal,
      metrics: () =>
        this.metrics.page({
          manifests: manifests(),
          waiting: waiting().length,
          workers: this.#settings().configuration.workers,
          busy: this.#slots.busy,
          leads: parts.leadership().leads,
          volumes: works()?.volumes.list() ?? [],
        }),
    };
  }
}
