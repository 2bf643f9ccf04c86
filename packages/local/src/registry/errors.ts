import { ApiError, type Resource, type StatusCause } from '@pgherd/kube/objects';

/** `pods` or `statefulsets.apps`: how Kubernetes names a resource in messages. */
export function qualifiedName(ref: Pick<Resource, 'group' | 'plural'>): string {
  return ref.group === '' ? ref.plural : `${ref.plural}.${ref.group}`;
}

function details(ref: Pick<Resource, 'group' | 'plural'>, name: string, causes?: StatusCause[]) {
  return {
    ...(name === '' ? {} : { name }),
    ...(ref.group === '' ? {} : { group: ref.group }),
    kind: ref.plural,
    ...(causes ? { causes } : {}),
  };
}

export function notFound(ref: Pick<Resource, 'group' | 'plural'>, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${qualifiedName(ref)} "${name}" not found`, details(ref, name));
}

/** The path names nothing that is served. */
export function notServed(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function alreadyExists(ref: Pick<Resource, 'group' | 'plural'>, name: string): ApiError {
  return new ApiError(
    409,
    'AlreadyExists',
    `${qualifiedName(ref)} "${name}" already exists`,
    details(ref, name),
  );
}

export function conflict(ref: Pick<Resource, 'group' | 'plural'>, name: string, why: string): ApiError {
  return new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualifiedName(ref)} "${name}": ${why}`,
    details(ref, name),
  );
}

/** Somebody wrote in between. */
export function modified(ref: Pick<Resource, 'group' | 'plural'>, name: string): ApiError {
  return conflict(
    ref,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );
}

export function forbidden(
  ref: Pick<Resource, 'group' | 'plural'>,
  name: string,
  why: string,
  causes?: StatusCause[],
): ApiError {
  const subject =
    name === '' ? `${qualifiedName(ref)} is forbidden` : `${qualifiedName(ref)} "${name}" is forbidden`;
  return new ApiError(403, 'Forbidden', `${subject}: ${why}`, details(ref, name, causes));
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

export function methodNotAllowed(message: string): ApiError {
  return new ApiError(405, 'MethodNotAllowed', message, {});
}

/** History up to the asked version is compacted. */
export function expired(message: string): ApiError {
  return new ApiError(410, 'Expired', message);
}

export function tooOldResourceVersion(asked: number, oldest: number): ApiError {
  return expired(`too old resource version: ${asked} (${oldest})`);
}

/** The client read from a server that knew more, e.g. the database was reset. */
export function tooLargeResourceVersion(asked: number, newest: number): ApiError {
  return new ApiError(504, 'Timeout', `Too large resource version: ${asked}, current: ${newest}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}
