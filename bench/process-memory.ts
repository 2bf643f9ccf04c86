import { readFileSync } from 'node:fs';

/** Memory of a process that nobody else shares or that it has its part of (PSS), in MiB. */
export function residentMiB(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kibibytes = /^Pss:\s+(\d+) kB/m.exec(text)?.[1];
  if (kibibytes === undefined) throw new Error(`process ${pid}: no Pss in smaps_rollup`);
  return Number(kibibytes) / 1024;
}
