import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';

/** First message of a client that wants TLS: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const sslRequest = 80_877_103;

/** Type of a column in a row description: their object ids in the catalogue. */
const types = { bool: 16, name: 19, text: 25, json: 114 } as const;

type Columns = Record<string, { type: keyof typeof types; value: string | null }>;

/**
 * A PostgreSQL that only pretends: a fresh primary that lets everybody in over TLS, answers the operator's question for
 * the catalogue, and says yes to every statement that changes something. What it does not know it refuses, naming it, so
 * that a new question of the operator's shows at once.
 */
export class PlayedPostgres {
  readonly #tls: SecureContext;

  constructor(certificate: { cert: string; key: string }) {
    this.#tls = createSecureContext(certificate);
  }

  /** Talks to one client until it leaves. */
  serve(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    socket.once('data', (first: Buffer) => {
      if (first.length !== 8 || first.readInt32BE(4) !== sslRequest) {
        socket.destroy();
        return;
      }
      socket.write('S');
      const secure = new TLSSocket(socket, { isServer: true, secureContext: this.#tls });
      secure.on('error', () => secure.destroy());
      converse(secure);
    });
  }
}

function converse(socket: TLSSocket): void {
  let pending = Buffer.alloc(0);
  let isStarted = false;
  // The statement of the extended protocol that is being carried out, and whether it was refused.
  let prepared: Prepared = { answer: Buffer.alloc(0), refused: false };
  const roles = ['postgres', 'standby'];
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
function prepare(body: Buffer, roles: string[]): Prepared {
  const sql = body.subarray(1, body.indexOf(0, 1)).toString('utf8').trim();
  const found = answerTo(sql, roles);
  return { answer: found, refused: found[0] === refusedLetter };
}

/** Everything that belongs to a statement is sent when it is carried out; a refusal holds until Sync. */
function answer(letter: string, body: Buffer, prepared: Prepared, roles: string[]): Buffer {
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

/** `roles`: those that the session knows; it adds what it makes. */
function answerTo(sql: string, roles: string[]): Buffer {
  if (sql.includes('pg_is_in_recovery()')) return rows([catalogue]);
  if (sql.includes('as "untrustedTriggers"')) return rows([contents]);
  if (sql.startsWith('select rolname'))
    return rows(roles.map((rolname) => ({ rolname: { type: 'name', value: rolname } })));
  const made = /^CREATE ROLE "([^"]*)"/.exec(sql)?.[1];
  if (made !== undefined) roles.push(made);
  const word = /^\w+/.exec(sql)?.[0].toUpperCase() ?? '';
  if (word === 'SELECT' || word === 'WITH')
    return refusal(`the played PostgreSQL does not know what to answer to: ${sql}`);
  return message('C', text(word));
}

/** What `initdb` and Spilo leave behind. */
const catalogue: Columns = {
  in_recovery: { type: 'bool', value: 'f' },
  user: { type: 'name', value: 'postgres' },
  roles: { type: 'json', value: JSON.stringify([role('postgres', true), role('standby', false)]) },
  databases: {
    type: 'json',
    value: JSON.stringify([
      { name: 'postgres', owner: 'postgres', allowsConnections: true, template: false, valid: true },
    ]),
  },
};

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

function role(name: string, superuser: boolean): Record<string, unknown> {
  return {
    name,
    superuser,
    inherit: true,
    createrole: superuser,
    createdb: superuser,
    login: true,
    replication: true,
    bypassrls: superuser,
    bootstrap: superuser,
    verifier: null,
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
