import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Pod } from '@pgherd/kube/objects';

/** What a member's Patroni answered. */
export interface Answer {
  status: number;
  body: string;
  /** Serial number of its certificate; undefined without TLS. */
  serialNumber: string | undefined;
}

/** Whether the member's Patroni speaks TLS. */
export function speaksTls({ spec }: Pod): boolean {
  return spec?.volumes?.some(({ name }) => name === 'patroni-api') === true;
}

/** Asks Patroni of this pod as somebody who knows nothing: no certificate is checked, and no password sent unless given. */
export function askPatroni(
  pod: Pod,
  method: string,
  path: string,
  { body, auth, timeoutMs = 5_000 }: { body?: object; auth?: string; timeoutMs?: number } = {},
): Promise<Answer> {
  const isSecure = speaksTls(pod);
  const options = {
    host: pod.status?.podIP ?? '',
    port: 8008,
    path,
    method,
    agent: false as const,
    rejectUnauthorized: false,
    signal: AbortSignal.timeout(timeoutMs),
    ...(auth === undefined ? {} : { auth }),
  };
  return new Promise((resolve, reject) => {
    const answered = (incoming: IncomingMessage): void => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      const socket = incoming.socket as TLSSocket;
      const serialNumber = isSecure ? socket.getPeerCertificate().serialNumber : undefined;
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: text, serialNumber }));
      incoming.on('error', reject);
    };
    const request = isSecure ? httpsRequest(options, answered) : httpRequest(options, answered);
    request.on('error', reject);
    const text = body === undefined ? undefined : JSON.stringify(body);
    if (text !== undefined) request.setHeader('content-length', Buffer.byteLength(text));
    request.end(text);
  });
}
