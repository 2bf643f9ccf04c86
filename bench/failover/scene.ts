import type { Stage } from './stage.ts';
import type { Side } from './sample.ts';

/** A fault or a planned change, and what is hoped for. */
export interface Scene {
  /** As `--scenes` takes it and as samples carry it. */
  id: string;
  title: string;
  /** Seconds without an acknowledged write. */
  goal: { p50?: number; p99: number };
  synchronous: boolean;
  /** How the client is connected. */
  path: 'direct' | 'pooler';
  /** Settings of Patroni that are not its defaults: a profile that people choose. */
  patroni?: Record<string, number>;
  /** Needs several nodes. */
  isAboutNodes?: true;
  /** Does it, and returns when it has begun; the writer sees the rest. */
  act(stage: Stage, cluster: string, side: Side): Promise<void>;
  /** Brings back what it took away. */
  heal?(stage: Stage): Promise<void>;
}
