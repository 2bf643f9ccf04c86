import type { VolumeStatus } from '@pgherd/api';
import type { Usage } from '@pgherd/operator';
import { formatAge, formatBytes, formatTable } from '../output.ts';

/** The data volume of one member. Amounts in bytes. */
export interface VolumeRow {
  cluster: string;
  pod: string;
  claim: string;
  /** As the claim has it, e.g. `10Gi`. */
  claimSize: string;
  /** What the file system in it has, now; absent when it could not be looked at. */
  size?: number;
  used?: number;
  free?: number;
  /** The write-ahead log; the rest of what is used is data. */
  wal?: number;
  usedPercent?: number;
  /** From the cluster's status; absent while the operator has seen too little. */
  growthPerDay?: number;
  /** RFC 3339. */
  fullAt?: string;
  /** Why it could not be looked at. */
  problem?: string;
}

/** What was found of one volume. */
export interface Found {
  cluster: string;
  pod: string;
  claim: string;
  claimSize: string;
  usage: Usage | undefined;
  problem?: string;
  status: VolumeStatus | undefined;
}

export function volumeRow({ usage, status, problem, ...names }: Found): VolumeRow {
  return {
    ...names,
    ...(usage === undefined
      ? {}
      : {
          size: usage.size,
          used: usage.used,
          free: usage.free,
          ...(usage.wal === undefined ? {} : { wal: usage.wal }),
          usedPercent: Math.round((usage.used * 100) / (usage.used + usage.free)),
        }),
    ...(status?.growthBytesPerDay === undefined ? {} : { growthPerDay: status.growthBytesPerDay }),
    ...(status?.fullAt === undefined ? {} : { fullAt: status.fullAt }),
    ...(problem === undefined ? {} : { problem }),
  };
}

/** A table for people; `now` in milliseconds since 1970. */
export function formatVolumes(rows: readonly VolumeRow[], now: number): string {
  if (rows.length === 0) return 'no volumes';
  const amount = (bytes: number | undefined) => (bytes === undefined ? '-' : formatBytes(bytes));
  const table = formatTable(
    ['POD', 'CLAIM', 'SIZE', 'USED', 'FREE', 'USE%', 'WAL', 'GROWTH/DAY', 'FULL IN'],
    rows.map((row) => [
      row.pod,
      row.claimSize,
      amount(row.size),
      amount(row.used),
      amount(row.free),
      row.usedPercent === undefined ? '-' : `${row.usedPercent}%`,
      amount(row.wal),
      growth(row),
      fullIn(row, now),
    ]),
  );
  const problems = rows.flatMap(({ pod, problem }) => (problem === undefined ? [] : [`${pod}: ${problem}`]));
  return [table, ...problems].join('\n');
}

function growth({ growthPerDay }: VolumeRow): string {
  if (growthPerDay === undefined) return 'too few samples';
  return `${growthPerDay < 0 ? '-' : '+'}${formatBytes(Math.abs(growthPerDay))}`;
}

function fullIn({ growthPerDay, fullAt }: VolumeRow, now: number): string {
  if (fullAt !== undefined) return formatAge(Date.parse(fullAt) - now);
  return growthPerDay === undefined ? '-' : 'not in sight';
}
