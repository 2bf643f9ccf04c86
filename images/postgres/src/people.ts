import { ArgumentsError, parsePamArguments } from './pam/arguments.ts';

/** How people log in, as opposed to applications. */
export interface People {
  /** Group role of people; `post_init` creates it. */
  role: string;
  /**
   * Whether they are asked for an OAuth2 token: `off` when nothing is configured, `broken` when what is configured
   * cannot be used, so that nobody of them gets in.
   */
  login: 'token' | 'broken' | 'off';
  /** The arguments of the PAM module for `token`, else empty. */
  pamArguments: string[];
  /** What is wrong, one sentence each. */
  warnings: string[];
}

/** Words of a PAM configuration: in brackets they may have spaces, and `\]` in brackets is a bracket. */
function wordsOf(text: string): string[] {
  return Array.from(text.matchAll(/\[((?:\\\]|[^\]])*)\]|\S+/g), ([word, inBrackets]) =>
    inBrackets === undefined ? word : inBrackets.replaceAll('\\]', ']'),
  );
}

/** The reverse of `wordsOf`. */
const written = (word: string): string =>
  /[ \]]/.test(word) || word.startsWith('[') ? `[${word.replaceAll(']', '\\]')}]` : word;

/** What libpam would take for a comment, a continued line or a new one. */
const unusable = /[^ -~]|[#\\]/;

/** Reads `HUMAN_ROLE`, `PAM_OAUTH2` and `PAM_OAUTH2_CA_FILE`. */
export function parsePeople(environment: Record<string, string | undefined>): People {
  const role = environment['HUMAN_ROLE'] || 'zalandos';
  const words = wordsOf(environment['PAM_OAUTH2'] ?? '');
  if (words.length === 0) return { role, login: 'off', pamArguments: [], warnings: [] };
  const caFile = environment['PAM_OAUTH2_CA_FILE'];
  const pamArguments = [...(caFile ? [`ca_file=${caFile}`] : []), ...words];
  try {
    const odd = pamArguments.find((word) => unusable.test(word));
    if (odd !== undefined) throw new ArgumentsError(`"${odd}" has a character that PAM's files cannot hold`);
    if ((environment['RW_DIR'] || '/run') !== '/run') {
      throw new ArgumentsError('PAM looks for its service in /run, so RW_DIR cannot be elsewhere');
    }
    parsePamArguments(pamArguments);
    return { role, login: 'token', pamArguments, warnings: [] };
  } catch (error) {
    if (!(error instanceof ArgumentsError)) throw error;
    // Applications have nothing to do with this: their database starts.
    const warning = `PAM_OAUTH2: ${error.message}; members of ${role} cannot log in until it is corrected`;
    return { role, login: 'broken', pamArguments: [], warnings: [warning] };
  }
}

/** The file of PAM's service `postgresql`, or `undefined` when there is to be none. PAM refuses without one. */
export function pamService(people: People): string | undefined {
  if (people.login !== 'token') return undefined;
  return [
    `auth required pam_oauth2.so ${people.pamArguments.map(written).join(' ')}`,
    'account required pam_oauth2.so',
    '',
  ].join('\n');
}

/** Line of pg_hba.conf for people who come from `addresses`; a token travels in the clear, so only over TLS. */
export function hostBasedLine(people: People, addresses: string): string[] {
  if (people.login === 'off') return [];
  const plain = /^\w+$/.test(people.role);
  const role = plain ? people.role : `"${people.role.replaceAll('"', '""')}"`;
  return [`hostssl all             ${`+${role}`.padEnd(18)} ${addresses.padEnd(18)} pam`];
}

/** The role as a word of a command line that Patroni splits. */
export const roleAsWord = (people: People): string => `'${people.role.replaceAll("'", `'"'"'`)}'`;
