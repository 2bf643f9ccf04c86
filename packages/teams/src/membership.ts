import { whyNoRoleName } from './role-name.ts';
import { TeamsError } from './teams-error.ts';

/** A name that cannot be that of a role. */
export interface RefusedName {
  /** Cut short, and with what cannot be seen written out. */
  name: string;
  /** As the rest of a sentence, e.g. `it is empty`. */
  why: string;
}

/** Who is in a team. */
export interface Membership {
  /** Whether the Teams API knows the team. One that it does not know has no members. */
  exists: boolean;
  /** Each once, in the order of the answer. */
  members: string[];
  refused: RefusedName[];
}

/** What nobody has. */
export const unknownTeam: Membership = { exists: false, members: [], refused: [] };

/** A longer list is not one of people. */
const mostMembers = 10_000;

/** Names for people, sorted out by whether roles can have them. */
export function sortedOut(names: readonly string[]): Pick<Membership, 'members' | 'refused'> {
  const members = new Set<string>();
  const refused: RefusedName[] = [];
  for (const name of new Set(names)) {
    const why = whyNoRoleName(name);
    if (why === undefined) members.add(name);
    else refused.push({ name: shown(name), why });
  }
  return { members: [...members], refused };
}

function shown(name: string): string {
  const short = name.length > 70 ? `${name.slice(0, 70)}…` : name;
  return JSON.stringify(short).slice(1, -1);
}

/**
 * Reads an answer of the Teams API: a JSON object, in which `member` is a list of names, or null for nobody. Anything
 * else is refused as a whole: who would be missing from a broken list would lose their login. `asked` is for messages.
 */
export function readMembership(body: string, asked: string): Membership {
  const garbled = (what: string): TeamsError => new TeamsError('garbled', `${asked}: ${what}`);
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    throw garbled('the answer is no JSON; teams_api_url may lead to something else than a Teams API');
  }
  if (typeof answer !== 'object' || answer === null || !('member' in answer))
    throw garbled(
      'the answer has no list `member`; teams_api_url may lead to something else than a Teams API',
    );
  const names: unknown = answer.member ?? [];
  if (!Array.isArray(names)) throw garbled('`member` is no list');
  if (names.length > mostMembers)
    throw garbled(`\`member\` has ${names.length} names; more than ${mostMembers} are not believed`);
  const texts = names.filter((name) => typeof name === 'string');
  if (texts.length < names.length) throw garbled('`member` has something in it that is no text');
  return { exists: true, ...sortedOut(texts) };
}
