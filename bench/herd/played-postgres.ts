import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';

/** First message of a client that wants TLS: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const sslRequest = 80_877_103;

/** Type of a column in a row description: their object ids in the catalogue. */
const types = { bool: 16, name: 19, text: 25, json: 114 } as const;

type Columns = Record<string, { type: keyof typeof types; value: string | null }>;

/** A role that was made, as far as it is remembered. */
interface PlayedRole {
  /** Of the statements that made and changed it, e.g. `LOGIN`. */
  words: Set<string>;
  verifier: string | null;
}

/** By name. */
type Roles = Map<string, PlayedRole>;

/**
 * A PostgreSQL that only pretends: a primary that lets everybody in over TLS, answers the operator's question for the
 * catalogue, and says yes to every statement that changes something. Of these it remembers roles with their passwords, for
 * all members of a cluster; it begins with none, so that nobody takes the first passwords for changed ones. What it does
 * not know it refuses, naming it, so that a new question of the operator's shows at once.
 */
export class PlayedPostgres {
  readonly #tls: SecureContext;
  readonly #roles = new Map<string, Roles>();

  constructor(certificate: { cert: string; key: string }) {
    this.#tls = createSecureContext(certificate);
  }

  /** Talks to one client until it leaves. `cluster`: whose member this is. */
  serve(socket: Socket, cluster: string): void {
    const roles: Roles = this.#roles.get(cluster) ?? new Map();
    this.#roles.set(cluster, roles);
    socket.on('error', () => socket.destroy());
    socket.once('data', (first: Buffer) => {
      if (first.length !== 8 || first.readInt32BE(4) !== sslRequest) {
        socket.destroy();
        return;
      }
      socket.write('S');
      const secure = new TLSSocket(socket, { isServer: true, secureContext: this.#tls });
      secure.on('error', () => secure.destroy());
      converse(secure, roles);
    });
  }
}

function converse(socket: TLSSocket, roles: Roles): void {
  let pending = Buffer.alloc(0);
  let isStarted = false;
  // The statement of the extended protocol that is being carried out, and whether it was refused.
  let prepared: Prepared = { answer: Buffer.alloc(0), refused: false };
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      // The first message has no letter in front of its length.
      const start = isStarted ? 1 : 0;
      if (pending.length < start + 4) return;
      const end = start + pending.readInt32BE(start);
      if (pending.length < end) return;
      const letter = isStarted ? String.fromCharCode(pending[0] ?? 0) : '';
      const body = pending.subarray(start + 4, end);
      pending = pending.subarray(end);
      if (letter === 'X') {
        socket.end();
        return;
      }
      if (letter === 'P') prepared = prepare(body, roles);
      socket.write(isStarted ? answer(letter, body, prepared, roles) : welcome());
      isStarted = true;
    }
  });
}

function welcome(): Buffer {
  return Buffer.concat([message('R', int32(0)), message('S', text('server_version', '17.0')), ready('I')]);
}

/** What a statement with parameters will be answered, whatever they are. */
interface Prepared {
  answer: Buffer;
  refused: boolean;
}

/** Body of a Parse message: the name of the statement, its text, the types of its parameters. */
function prepare(body: Buffer, roles: Roles): Prepared {
  const sql = body.subarray(1, body.indexOf(0, 1)).toString('utf8').trim();
  const found = answerTo(sql, roles);
  return { answer: found, refused: found[0] === refusedLetter };
}

/** Everything that belongs to a statement is sent when it is carried out; a refusal holds until Sync. */
function answer(letter: string, body: Buffer, prepared: Prepared, roles: Roles): Buffer {
  switch (letter) {
    case 'Q': {
      const sql = body.subarray(0, -1).toString('utf8').trim();
      const isBegin = sql.toUpperCase().startsWith('BEGIN');
      return Buffer.concat([answerTo(sql, roles), ready(isBegin ? 'T' : 'I')]);
    }
    case 'P':
      return prepared.refused ? prepared.answer : message('1', Buffer.alloc(0));
    case 'B':
      return prepared.refused ? Buffer.alloc(0) : message('2', Buffer.alloc(0));
    case 'D':
      return Buffer.alloc(0);
    case 'E':
      return prepared.refused ? Buffer.alloc(0) : prepared.answer;
    case 'S':
      return ready('I');
    default:
      return Buffer.concat([refusal(`message ${letter} is not played`), ready('I')]);
  }
}

/** `roles`: those of the cluster; what is made is added. */
function answerTo(sql: string, roles: Roles): Buffer {
  if (sql.includes('pg_is_in_recovery()')) return rows([catalogueWith(roles)]);
  if (sql.includes('as "untrustedTriggers"')) return rows([contents]);
  if (sql.startsWith('select rolname'))
    return rows([...roles.keys()].map((rolname) => ({ rolname: { type: 'name', value: rolname } })));
  remember(sql, roles);
  const word = /^\w+/.exec(sql)?.[0].toUpperCase() ?? '';
  if (word === 'SELECT' || word === 'WITH')
    return refusal(`the played PostgreSQL does not know what to answer to: ${sql}`);
  return message('C', text(word));
}

/** Several statements may come in one message. */
function remember(sql: string, roles: Roles): void {
  for (const [, name = '', rest = ''] of sql.matchAll(/^(?:CREATE|ALTER) ROLE "([^"]*)"([^;]*)/gm)) {
    const role = roles.get(name) ?? { words: new Set(), verifier: null };
    const [words = '', password] = rest.split(" PASSWORD '");
    for (const word of words.trim().split(/\s+/)) role.words.add(word);
    if (password !== undefined) role.verifier = password.slice(0, password.indexOf("'"));
    roles.set(name, role);
  }
}

function catalogueWith(roles: Roles): Columns {
  return {
    in_recovery: { type: 'bool', value: 'f' },
    user: { type: 'name', value: 'postgres' },
    roles: { type: 'json', value: JSON.stringify([...roles].map(([name, played]) => role(name, played))) },
    databases: {
      type: 'json',
      value: JSON.stringify([
        { name: 'postgres', owner: 'postgres', allowsConnections: true, template: false, valid: true },
      ]),
    },
  };
}

/** A database that has just been made. */
const contents: Columns = {
  user: { type: 'text', value: 'postgres' },
  superuser: { type: 'bool', value: 't' },
  untrustedTriggers: { type: 'json', value: null },
  schemas: { type: 'json', value: null },
  extensions: { type: 'json', value: null },
  defaults: { type: 'json', value: null },
  functions: { type: 'json', value: null },
};

function role(name: string, { words, verifier }: PlayedRole): Record<string, unknown> {
  return {
    name,
    superuser: words.has('SUPERUSER'),
    inherit: !words.has('NOINHERIT'),
    createrole: words.has('CREATEROLE'),
    createdb: words.has('CREATEDB'),
    login: words.has('LOGIN'),
    replication: words.has('REPLICATION'),
    bypassrls: words.has('BYPASSRLS'),
    bootstrap: name === 'postgres',
    verifier,
    comment: null,
    sessions: 0,
    memberOf: null,
    settings: null,
    dependsIn: null,
    granted: null,
  };
}

/** At least one row, all with the same columns. */
function rows(all: readonly Columns[]): Buffer {
  const columns = Object.entries(all[0] ?? {});
  const described = columns.map(([name, { type }]) =>
    // Table and column: none; type, size and modifier; format: text.
    Buffer.concat([text(name), int32(0), int16(0), int32(types[type]), int16(-1), int32(-1), int16(0)]),
  );
  const data = all.map((row) => {
    const values = Object.values(row).map(({ value }) =>
      value === null ? int32(-1) : Buffer.concat([int32(Buffer.byteLength(value)), Buffer.from(value)]),
    );
    return message('D', Buffer.concat([int16(values.length), ...values]));
  });
  return Buffer.concat([
    message('T', Buffer.concat([int16(columns.length), ...described])),
    ...data,
    message('C', text(`SELECT ${all.length}`)),
  ]);
}

/** First byte of an ErrorResponse. */
const refusedLetter = 'E'.charCodeAt(0);

function refusal(why: string): Buffer {
  const fields = [text('SERROR'), text('C0A000'), text(`M${why}`), Buffer.alloc(1)];
  return message('E', Buffer.concat(fields));
}

const ready = (transaction: 'I' | 'T'): Buffer => message('Z', Buffer.from(transaction));

function message(letter: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(letter), int32(body.length + 4), body]);
}

/** Strings that each end with a zero. */
const text = (...values: string[]): Buffer => Buffer.from(values.map((value) => `${value}\0`).join(''));

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
}
