import type { Postgresql } from '@pgherd/api';
import type { HealthChecks } from '@pgherd/kube/runtime';
import type { ObjectSource } from '../observe/source.ts';
import type { Settings } from '../settings.ts';
import type { ProcessFacts } from './configuration-answer.ts';
import type { Journal } from './journal.ts';
import type { WorkerSlots } from './worker-slots.ts';

/** The operator, as far as its HTTP API tells of it. Reading it makes no request. */
export interface Subject {
  settings: () => Settings;
  /** Manifests of its own clusters. */
  manifests: () => Postgresql[];
  /** An object in the watch caches. */
  find: ObjectSource['get'];
  slots: WorkerSlots;
  journal: Journal;
  /** Keys that wait for a worker, those first whose turn is next. */
  waiting: () => string[];
  /** This process, the one that leads as far as it knows ('' for nobody), and whether that is this one. */
  leadership: () => { identity: string; leader: string; leads: boolean };
  facts: ProcessFacts;
  live: HealthChecks;
  ready: HealthChecks;
  metrics: () => Promise<{ contentType: string; text: string }>;
}
