import type { KubeObject } from '@pgherd/kube/objects';
import type { Authenticator, Authorizer, TokenIssuer } from '../auth/auth.ts';
import type { NodeProxy } from '../node/node-proxy.ts';
import type { LocalRegistry, ResourceDefinition } from '../registry/index.ts';
import type { User } from '../registry/registry.ts';

/** What the RBAC authorizer offers besides plain decisions. */
export interface ServerAuthorizer extends Authorizer {
  /** `status` of a SelfSubjectRulesReview. */
  reviewRules?(user: User, namespace: string): Record<string, unknown>;
  /** Throws 403 when a role or binding hands out more than the user has. */
  checkEscalation?(user: User, kind: string, namespace: string | undefined, object: KubeObject): void;
}

/** Makes the `Table` that kubectl prints. */
export type TableMaker = (
  definition: ResourceDefinition,
  objects: readonly KubeObject[],
  options: { includeObject: 'None' | 'Metadata' | 'Object'; now: number },
) => { columnDefinitions: unknown[]; rows: unknown[] };

/** Answers `/openapi/v2` and `/openapi/v3…`; undefined: no such document. */
export type OpenApiSource = (
  path: string,
  accept: string | undefined,
) => { contentType: string; body: Buffer | string; etag?: string } | undefined;

/** Texts to the log; pino's shape. */
export interface ServerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ApiServerOptions {
  registry: LocalRegistry;
  authenticator: Authenticator;
  authorizer: ServerAuthorizer;
  tokenIssuer: TokenIssuer;
  /** Absent: logs and exec answer 503. */
  nodeProxy?: NodeProxy;
  /** PEM. `ca` is what client certificates are verified against. */
  tls: { cert: string; key: string; ca: string };
  log?: ServerLog;
  /** Default: the columns that a cluster prints. */
  toTable?: TableMaker;
  /** Default: made of the served kinds. */
  openApi?: OpenApiSource;
  /** Documents by path that need no schema, e.g. `/openid/v1/jwks`. */
  documents?: Record<string, unknown>;
}
