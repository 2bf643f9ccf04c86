import { dataPath } from '../render/mounts.ts';

/** How full one member's data volume is, in bytes. */
export interface Usage {
  size: number;
  used: number;
  /** What PostgreSQL can still write. */
  free: number;
  /** Of what is used, the write-ahead log; undefined when there is none yet. */
  wal: number | undefined;
  /** When it was looked at, in milliseconds since 1970. */
  at: number;
}

/** What is read out of a data volume: of its file system, then of the write-ahead log. Writes nothing. */
export const usageCommand: string[] = [
  'sh',
  '-c',
  `df -P -B1 ${dataPath} && du -sDB1 ${dataPath}/pgroot/data/pg_wal 2>/dev/null || true`,
];

/** From what `usageCommand` printed; undefined when it is something else. */
export function parseUsage(output: string, at: number): Usage | undefined {
  const lines = output.trim().split('\n');
  const columns = lines[1]?.trim().split(/\s+/).slice(1, 4).map(Number) ?? [];
  const [size = NaN, used = NaN, free = NaN] = columns;
  if (![size, used, free].every((bytes) => Number.isFinite(bytes)) || size <= 0) return undefined;
  const wal = Number(/^(\d+)\s/.exec(lines[2] ?? '')?.[1] ?? NaN);
  return { size, used, free, wal: Number.isFinite(wal) ? wal : undefined, at };
}

/** A sample that is older says nothing of now. */
const freshMs = 10 * 60_000;

/** Whether a sample is good enough to act on. */
export function isFresh({ at }: Pick<Usage, 'at'>, now: number): boolean {
  return now - at < freshMs;
}

/**
 * Whether the volume's own size is its limit. Where volumes are directories, `df` shows a disk that they share with
 * others: it is not to be acted on.
 */
export function isLimited({ size }: Usage, capacity: number): boolean {
  return size <= capacity * 1.25;
}
