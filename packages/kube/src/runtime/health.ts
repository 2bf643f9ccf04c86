/** Throws (or rejects) with what is wrong. What it answers is told although all is well. */
export type HealthCheck = () => string | void | Promise<string | void>;

/** Result of all checks; `message` says what is wrong, or `ok`, or what else there is to know. */
export interface HealthReport {
  healthy: boolean;
  checks: { name: string; healthy: boolean; message: string }[];
}

/** Named checks behind one question such as `/readyz`. */
export class HealthChecks {
  readonly #checks = new Map<string, HealthCheck>();

  /** A second check of the same name replaces the first. */
  add(name: string, check: HealthCheck): void {
    this.#checks.set(name, check);
  }

  /** Runs all checks; never rejects. */
  async report(): Promise<HealthReport> {
    const checks = await Promise.all([...this.#checks].map(([name, check]) => ask(name, check)));
    return { healthy: checks.every(({ healthy }) => healthy), checks };
  }
}

async function ask(name: string, check: HealthCheck): Promise<HealthReport['checks'][number]> {
  try {
    return { name, healthy: true, message: (await check()) ?? 'ok' };
  } catch (error) {
    return { name, healthy: false, message: error instanceof Error ? error.message : String(error) };
  }
}
