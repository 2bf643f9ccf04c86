import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

/** Clock ticks in a second, the unit of `/proc/PID/stat`. */
const ticks = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/**
 * Seconds of CPU that a process has used so far, all threads, in user mode and in the kernel; on request with those
 * of its children that have ended.
 */
export function cpuSeconds(pid: number, options: { endedChildren?: boolean } = {}): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program, in parentheses, may contain anything. After it come fields 3 and up; 14 and 15 are wanted, and
  // 16 and 17 for children. See proc_pid_stat(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const wanted = fields.slice(11, options.endedChildren === true ? 15 : 13);
  return wanted.reduce((sum, field) => sum + Number(field), 0) / ticks;
}

/** Most memory (resident set) that a process had since its start or since `resetPeak`, in MiB. */
export function peakMiB(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kibibytes = /^VmHWM:\s+(\d+) kB/m.exec(text)?.[1];
  if (kibibytes === undefined) throw new Error(`process ${pid}: no VmHWM in status`);
  return Number(kibibytes) / 1024;
}

/** Lets `peakMiB` begin anew. See proc_pid_clear_refs(5). */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
