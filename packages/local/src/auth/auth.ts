import type { IncomingMessage } from 'node:http';
import type { User } from '../registry/registry.ts';

/** What is asked of the authorizer: one API verb on one resource, or a path that is no resource. */
export interface Attributes {
  user: User;
  /** get, list, watch, create, update, patch, delete, deletecollection; for paths the lower-case HTTP method. */
  verb: string;
  group?: string;
  version?: string;
  resource?: string;
  subresource?: string;
  namespace?: string;
  name?: string;
  /** Set for requests that name no resource, e.g. `/healthz`. */
  path?: string;
}

export interface Decision {
  allowed: boolean;
  /** For people: which rule allowed it, or why nothing did. */
  reason: string;
}

/** Finds out who asks, from the client certificate or the bearer token. */
export interface Authenticator {
  /** `undefined`: no or bad credentials (the server answers 401). Anonymous access is not offered. */
  authenticate(request: IncomingMessage): User | undefined;
  /** The same for a bare token (TokenReview). */
  authenticateToken(token: string, audiences?: string[]): User | undefined;
}

/** Role-based access control over the (Cluster)Roles and bindings in the registry. */
export interface Authorizer {
  authorize(attributes: Attributes): Decision;
}

/** Makes service account tokens (JWT, signed with the instance's key). */
export interface TokenIssuer {
  issue(request: {
    namespace: string;
    serviceAccount: string;
    /** Audiences; default: the API server's own. */
    audiences?: string[];
    expirationSeconds: number;
    /** The object the token is bound to; it dies with that object. */
    boundObject?: { kind: 'Pod' | 'Secret'; name: string; uid: string };
  }): { token: string; expirationTimestamp: string };
}
