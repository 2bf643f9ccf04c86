import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { HealthChecks } from '@pgherd/kube/runtime';

/** What the operator says over HTTP, to loopback only. */
export interface HttpPages {
  live: HealthChecks;
  ready: HealthChecks;
  metrics(): Promise<{ contentType: string; text: string }>;
}

/** A server that listens. */
export interface HttpServer {
  port: number;
  close(): Promise<void>;
}

/**
 * Serves `/healthz` (and `/livez`), `/readyz` and `/metrics` on 127.0.0.1. Port 0 takes a free one. Throws when the
 * port is taken.
 */
export async function serveHttp(port: number, pages: HttpPages): Promise<HttpServer> {
  const server = createServer((request, response) => {
    answer(request, response, pages).catch((error: unknown) => {
      response.writeHead(500).end(error instanceof Error ? error.message : String(error));
    });
  });
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new Error(`127.0.0.1:${port}: ${(cause as Error).message}; choose another port`, { cause });
  }
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, pages: HttpPages): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
  } else if (pathname === '/metrics') {
    const { contentType, text } = await pages.metrics();
    response.writeHead(200, { 'content-type': contentType }).end(text);
  } else if (pathname === '/healthz' || pathname === '/livez') {
    await health(response, pages.live);
  } else if (pathname === '/readyz') {
    await health(response, pages.ready);
  } else {
    response.writeHead(404).end('not found: /healthz, /readyz and /metrics are served here\n');
  }
}

async function health(response: ServerResponse, checks: HealthChecks): Promise<void> {
  const report = await checks.report();
  const lines = report.checks.map(
    ({ name, healthy, message }) => `${healthy ? 'ok' : 'FAILED'} ${name}: ${message}`,
  );
  response.writeHead(report.healthy ? 200 : 503, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${lines.join('\n') || 'ok'}\n`);
}
