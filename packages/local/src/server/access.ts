import type { IncomingMessage } from 'node:http';
import { ApiError } from '@pgherd/kube/objects';
import type { Attributes } from '../auth/auth.ts';
import { forbiddenMessage } from '../auth/authorizer.ts';
import type { User } from '../registry/registry.ts';
import type { ResourcePath } from './request-path.ts';
import type { ApiServerOptions } from './server-options.ts';

/** @throws ApiError 401 when nobody known asks. */
export function authenticate(options: ApiServerOptions, request: IncomingMessage): User {
  const user = options.authenticator.authenticate(request);
  if (!user) throw new ApiError(401, 'Unauthorized', 'Unauthorized');
  return user;
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
