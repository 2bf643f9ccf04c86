import type { Client } from './client.ts';
import { findConnection } from './connection.ts';
import type { Connection, ConnectionOptions } from './connection.ts';
import { HttpClient } from './http-client.ts';
import type { HttpClientOptions } from './http-client.ts';
import { Transport } from './transport.ts';
import type { TransportOptions } from './transport.ts';

/** A client for a connection at hand. */
export function createClient(
  connection: Connection,
  options: HttpClientOptions & TransportOptions = {},
): Client {
  return new HttpClient(new Transport(connection, options), options);
}

/** Finds the cluster as `findConnection` says, and a client for it. Sends nothing yet. Throws `KubeconfigError`. */
export async function connect(
  options: ConnectionOptions & HttpClientOptions & TransportOptions = {},
): Promise<{ client: Client; connection: Connection }> {
  const connection = await findConnection(options);
  return { client: createClient(connection, options), connection };
}
