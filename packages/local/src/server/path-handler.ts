import type { IncomingMessage } from 'node:http';
import { ApiError } from '@pgherd/kube/objects';
import { methodNotAllowed, notServed } from '../registry/errors.ts';
import { aggregated, coreVersions, groupList, resourceList, singleGroup } from './discovery.ts';
import { negotiate } from './media-type.ts';
import type { Answer } from './respond.ts';
import type { ApiServerOptions } from './server-options.ts';
import { versionInfo } from './version.ts';

const health = new Set(['/healthz', '/livez', '/readyz']);

/** Answers the paths that name no resource: discovery, health, version, OpenAPI. Failures are thrown. */
export function answerPath(
  options: ApiServerOptions,
  path: string,
  query: URLSearchParams,
  request: IncomingMessage,
  answer: Answer,
): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw methodNotAllowed('the server does not allow this method on the requested resource');
  }
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  const [, root = ''] = trimmed.split('/');
  if (health.has(`/${root}`)) {
    const verbose = query.has('verbose') ? `[+]store ok\n${root} check passed\n` : 'ok';
    answer.sendText(200, 'text/plain; charset=utf-8', verbose);
    return;
  }
  if (trimmed === '/version') {
    answer.send(200, versionInfo());
    return;
  }
  if (root === 'openapi') {
    const document = options.openApi?.(
      path + (query.size > 0 ? `?${query.toString()}` : ''),
      request.headers.accept,
    );
    if (!document) throw notServed();
    if (document.etag !== undefined) {
      answer.response.setHeader('Etag', document.etag);
      if (request.headers['if-none-match'] === document.etag) {
        answer.response.writeHead(304).end();
        return;
      }
    }
    answer.sendText(200, document.contentType, document.body);
    return;
  }
  const known = options.documents?.[trimmed];
  answer.send(200, known ?? discover(options, trimmed, request, answer));
}

function discover(
  options: ApiServerOptions,
  path: string,
  request: IncomingMessage,
  answer: Answer,
): Record<string, unknown> {
  const definitions = options.registry.catalog.all();
  const [, root, group = '', version, ...rest] = path.split('/');
  if (path === '/') {
    const versions = new Set(
      definitions.map((d) => (d.group === '' ? '/api/v1' : `/apis/${d.group}/${d.version}`)),
    );
    return { paths: ['/api', '/apis', ...versions, '/healthz', '/livez', '/readyz', '/version'] };
  }
  if ((root !== 'api' && root !== 'apis') || rest.length > 0) throw notServed();
  const representation = negotiate(request.headers.accept, group === '');
  if (!representation) throw new ApiError(406, 'NotAcceptable', 'only application/json is served here');
  answer.encoding = representation.encoding;
  if (group === '') {
    if (representation.as !== undefined) {
      const versionOf = representation.version ?? 'v2';
      const kind = `application/json;g=apidiscovery.k8s.io;v=${versionOf};as=APIGroupDiscoveryList`;
      const document = aggregated(definitions, root === 'api', versionOf);
      answer.sendText(200, kind, JSON.stringify(document));
      return document;
    }
    if (root === 'apis') return groupList(definitions);
    const { localAddress = '', localPort = 0 } = request.socket;
    return coreVersions(`${localAddress}:${localPort}`);
  }
  const found =
    root === 'api'
      ? version === undefined && resourceList(definitions, '', group)
      : version === undefined
        ? singleGroup(definitions, group)
        : resourceList(definitions, group, version);
  if (!found) throw notServed();
  return found;
}
