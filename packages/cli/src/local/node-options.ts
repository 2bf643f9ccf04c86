import { CommandError, exitCode } from '../exit-code.ts';
import type { UpOptions } from './commands.ts';

/** What `--nodes`, `--zones`, `--node-grace` and `--status-delay` ask for; what is not given stays as it is. */
export interface WantedNodes {
  count?: number;
  zones?: string[];
  graceSeconds?: number;
  statusDelayMs?: number;
}

/** Most nodes of one instance: each has a bridge and an agent of its own. */
const MOST_NODES = 20;

/** Reads the options. Throws `CommandError` for what cannot be. */
export function wantedNodes({ nodes, zones, nodeGrace, statusDelay }: Partial<UpOptions>): WantedNodes {
  const wanted: WantedNodes = {};
  if (nodes !== undefined) wanted.count = whole('--nodes', nodes, 1, MOST_NODES);
  if (zones !== undefined) {
    wanted.zones = zones.split(',').map((zone) => zone.trim());
    // A label's value.
    const wrong = wanted.zones.find((zone) => !/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(zone));
    if (wrong !== undefined) {
      const why = `--zones ${zones}: ${JSON.stringify(wrong)} is no name of a zone (letters, digits, "-", "_", ".")`;
      throw new CommandError(why, exitCode.wrongUsage);
    }
  }
  if (nodeGrace !== undefined) wanted.graceSeconds = whole('--node-grace', nodeGrace, 4, 86_400);
  if (statusDelay !== undefined) wanted.statusDelayMs = whole('--status-delay', statusDelay, 0, 60_000);
  return wanted;
}

function whole(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new CommandError(
    `${option} ${text}: give a whole number from ${least} to ${most}`,
    exitCode.wrongUsage,
  );
}
