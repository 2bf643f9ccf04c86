import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';

/** First message of a client that wants TLS: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const sslRequest = 80_877_103;

/** Type of a column in a row description: their object ids in the catalogue. */
const types = { bool: 16, name: 19, json: 114 } as const;

type Columns = Record<string, { type: keyof typeof types; value: string }>;

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
      socket.write(isStarted ? answer(letter, body) : welcome());
      isStarted = true;
    }
  });
}

function welcome(): Buffer {
  return Buffer.concat([message('R', int32(0)), message('S', text('server_version', '17.0')), ready('I')]);
}

function answer(letter: string, body: Buffer): Buffer {
  if (letter !== 'Q') return refusal(`message ${letter} is not played`);
  const sql = body.subarray(0, -1).toString('utf8').trim();
  if (sql.includes('pg_is_in_recovery()')) return rows(catalogue);
  const word = /^\w+/.exec(sql)?.[0].toUpperCase() ?? '';
  if (word === 'SELECT') return refusal(`the played PostgreSQL does not know what to answer to: ${sql}`);
  return Buffer.concat([message('C', text(word)), ready(word === 'BEGIN' ? 'T' : 'I')]);
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

function rows(columns: Columns): Buffer {
  const all = Object.entries(columns);
  const described = all.map(([name, { type }]) =>
    // Table and column: none; type, size and modifier; format: text.
    Buffer.concat([text(name), int32(0), int16(0), int32(types[type]), int16(-1), int32(-1), int16(0)]),
  );
  const values = all.map(([, { value }]) =>
    Buffer.concat([int32(Buffer.byteLength(value)), Buffer.from(value)]),
  );
  return Buffer.concat([
    message('T', Buffer.concat([int16(all.length), ...described])),
    message('D', Buffer.concat([int16(all.length), ...values])),
    message('C', text('SELECT 1')),
    ready('I'),
  ]);
}

function refusal(why: string): Buffer {
  const fields = [text('SERROR'), text('C0A000'), text(`M${why}`), Buffer.alloc(1)];
  return Buffer.concat([message('E', Buffer.concat(fields)), ready('I')]);
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
