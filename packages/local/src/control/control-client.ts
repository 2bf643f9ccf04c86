import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { controlSocket } from './control-server.ts';

/** The server refused, or is not there; the message is for people. `code` is that of HTTP, 0 without an answer. */
export class ControlError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.name = 'ControlError';
    this.code = code;
  }
}

/** Asks the server of a home, and waits until the thing is done. Throws `ControlError`. */
export async function askServer<T>(home: string, method: string, path: string, body?: object): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number; body: string }>();
  const call = request({ socketPath: controlSocket(home), method, path }, (response) => {
    text(response).then((answer) => resolve({ code: response.statusCode ?? 0, body: answer }), reject);
  });
  call.once('error', (error: NodeJS.ErrnoException) => {
    const absent = error.code === 'ENOENT' || error.code === 'ECONNREFUSED';
    const why = absent
      ? 'no server runs there that can run pods: start it with `pgherd local up`'
      : error.message;
    reject(new ControlError(0, `${home}: ${why}`));
  });
  call.end(body === undefined ? undefined : JSON.stringify(body));
  const answer = await promise;
  const value = JSON.parse(answer.body) as T & { error?: string };
  if (answer.code !== 200) throw new ControlError(answer.code, value.error ?? answer.body);
  return value;
}
