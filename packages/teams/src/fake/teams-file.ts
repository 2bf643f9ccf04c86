import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** Names of members, by team. */
export type Teams = Record<string, string[]>;

/** Reads `TEAM: [MEMBER, …]` from YAML or JSON. Throws with file, team and what is wrong. */
export function readTeamsFile(path: string): Teams {
  const content: unknown = parse(readFileSync(path, 'utf8')) ?? {};
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new Error(`${path}: expected a mapping of teams to lists of members`);
  for (const [team, members] of Object.entries(content)) {
    const isList = Array.isArray(members) && members.every((member) => typeof member === 'string');
    if (!isList) throw new Error(`${path}: ${team}: expected a list of names`);
  }
  return content as Teams;
}
