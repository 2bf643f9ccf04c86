import type { Duplex } from 'node:stream';

/** A failure that the container engine answered (`code` is its HTTP status). */
export class EngineError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.name = 'EngineError';
    this.code = code;
  }
}

/** The little of the Docker-compatible API that pgherd uses; podman and Docker both serve it. */
export interface Engine {
  /** Throws when nothing answers. */
  version(): Promise<{ engine: 'podman' | 'docker'; version: string; apiVersion: string }>;
  /** `method` + `path` of the Docker API (without version prefix), JSON in and out. Throws `EngineError`. */
  request<T = unknown>(method: string, path: string, body?: unknown): Promise<T>;
  /** The same with a streaming answer. */
  stream(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<NodeJS.ReadableStream>;
  /** Hijacked connection (exec, attach): raw duplex after the 101 or 200 answer. */
  hijack(method: string, path: string, body?: unknown): Promise<Duplex>;
}
