import type { IncomingMessage } from 'node:http';
import { ApiError } from '@pgherd/kube/objects';
import type { Attributes } from '../auth/auth.ts';
import { forbiddenMessage } from '../auth/authorizer.ts';
import type { User } from '../registry/registry.ts';
import type { ResourcePath } from './request-path.ts';
import type { ApiServerOptions } from './server-options.ts';

/**
 * Who asks: by certificate or token, or whom that user impersonates.
 *
 * @throws ApiError 401 when nobody known asks, 403 when he may not impersonate.
 */
export function authenticate(options: ApiServerOptions, request: IncomingMessage): User {
  const user = options.authenticator.authenticate(request);
  if (!user) throw new ApiError(401, 'Unauthorized', 'Unauthorized');
  return impersonated(options, user, request);
}

/** Kubernetes' `Impersonate-…` headers (`kubectl --as`). */
function impersonated(options: ApiServerOptions, user: User, request: IncomingMessage): User {
  const { headers } = request;
  const name = headers['impersonate-user'];
  const groups = request.headersDistinct['impersonate-group'] ?? [];
  const uid = headers['impersonate-uid'];
  const extra = Object.keys(headers).find((header) => header.startsWith('impersonate-extra-'));
  if (name === undefined && groups.length === 0 && uid === undefined && extra === undefined) return user;
  if (typeof name !== 'string' || name === '') {
    throw new ApiError(400, 'BadRequest', 'requested impersonation without impersonating a user');
  }
  if (extra !== undefined) {
    throw new ApiError(
      501,
      'NotImplemented',
      `the header ${extra} is not served: users have no extra values here`,
    );
  }
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  const may = (attributes: Partial<Attributes>): void =>
    authorizeOrThrow(options, { user, verb: 'impersonate', group: '', ...attributes });
  if (account) may({ resource: 'serviceaccounts', namespace: account[1] ?? '', name: account[2] ?? '' });
  else may({ resource: 'users', name });
  for (const group of groups) may({ resource: 'groups', name: group });
  if (typeof uid === 'string') may({ group: 'authentication.k8s.io', resource: 'uids', name: uid });
  const implied = account ? ['system:serviceaccounts', `system:serviceaccounts:${account[1] ?? ''}`] : [];
  const all = groups.length > 0 ? groups : implied;
  const anonymous = name === 'system:anonymous';
  return {
    name,
    ...(typeof uid === 'string' ? { uid } : {}),
    groups: [...new Set([...all, anonymous ? 'system:unauthenticated' : 'system:authenticated'])],
  };
}

/** @throws ApiError 403 when the user may not. */
export function authorizeOrThrow(options: ApiServerOptions, attributes: Attributes): void {
  const { allowed, reason } = options.authorizer.authorize(attributes);
  if (allowed) return;
  const message = forbiddenMessage(attributes, reason);
  if (attributes.path !== undefined) throw new ApiError(403, 'Forbidden', message, {});
  throw new ApiError(403, 'Forbidden', message, {
    ...(attributes.name ? { name: attributes.name } : {}),
    ...(attributes.group ? { group: attributes.group } : {}),
    kind: attributes.resource ?? '',
  });
}

/** What the authorizer is asked for a request on a resource. */
export function attributesOf(
  user: User,
  path: ResourcePath,
  verb: string,
  query: URLSearchParams,
): Attributes {
  const name = path.name ?? selectedName(verb, query);
  // A namespace lies in itself, so that its owner's roles cover it.
  const namespace =
    path.namespace ?? (path.plural === 'namespaces' && path.group === '' ? path.name : undefined);
  return {
    user,
    verb,
    group: path.group,
    version: path.version,
    resource: path.plural,
    ...(path.subresource === undefined ? {} : { subresource: path.subresource }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
}

/** A list of one name counts as a request for that name. */
function selectedName(verb: string, query: URLSearchParams): string | undefined {
  if (verb !== 'list' && verb !== 'watch' && verb !== 'deletecollection') return undefined;
  return /^metadata\.name==?([^,]+)$/.exec(query.get('fieldSelector') ?? '')?.[1];
}
