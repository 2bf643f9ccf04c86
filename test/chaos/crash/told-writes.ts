/**
 * Loaded into the operator's process before everything else: each time that Patroni has answered a write, or PostgreSQL
 * has made one durable, the process stands still with all that it does, tells it on its file descriptor 3, and goes on
 * when one byte comes on 4. Whoever holds the other ends may kill it instead.
 */
import { subscribe } from 'node:diagnostics_channel';
import { readSync, writeSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import pg from 'pg';

function tell(what: string): void {
  writeSync(3, `${what}\n`);
  readSync(4, Buffer.alloc(1));
}

const patroniPort = '8008';

/** What leaves nothing behind: it only has Patroni look. */
const wakeUp = JSON.stringify({ pgherd_wake_up: null });
const wakeUps = new WeakSet<ClientRequest>();

subscribe('http.client.request.created', (message) => {
  const { request } = message as { request: ClientRequest };
  const end = request.end.bind(request) as (...args: unknown[]) => ClientRequest;
  request.end = (...args: unknown[]) => {
    if (args[0] === wakeUp) wakeUps.add(request);
    return end(...args);
  };
});

subscribe('http.client.response.finish', (message) => {
  const { request } = message as { request: ClientRequest };
  const host = String(request.getHeader('host') ?? '');
  if (request.method !== 'GET' && host.endsWith(`:${patroniPort}`) && !wakeUps.has(request))
    tell(`Patroni: ${request.method} ${request.path}`);
});

/** Statements that leave nothing behind. */
const leavesNothing = /^\s*(select|show|set|reset|rollback)\b/i;

/** Sessions in a transaction, and whether it wrote. */
const transactions = new WeakMap<object, boolean>();

function done(client: object, sql: string): void {
  const words = sql.trim().split(/\s+/, 2).join(' ').toUpperCase();
  if (words === 'BEGIN') transactions.set(client, false);
  else if (words === 'COMMIT') {
    const wrote = transactions.get(client) === true;
    transactions.delete(client);
    if (wrote) tell('PostgreSQL: COMMIT');
  } else if (words === 'ROLLBACK') transactions.delete(client);
  else if (leavesNothing.test(sql)) return;
  else if (transactions.has(client)) transactions.set(client, true);
  else tell(`PostgreSQL: ${words}`);
}

type Query = (this: object, sql: string, values: unknown[]) => Promise<unknown>;
const prototype = pg.Client.prototype as unknown as { query: Query };
const { query } = prototype;
prototype.query = async function toldQuery(sql, values) {
  const answer = await query.call(this, sql, values);
  done(this, sql);
  return answer;
};
