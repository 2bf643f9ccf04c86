import { isDeepStrictEqual } from 'node:util';
import type { Condition } from '@pgherd/api';
import type { Client } from '@pgherd/kube/client';
import type { Clock, KubeObject, Logger } from '@pgherd/kube/objects';
import type { Storyteller } from '../../events/story.ts';
import { fieldManager } from '../../names.ts';
import type { Settings } from '../../settings.ts';
import type { Held } from './held.ts';
import { describeOrigin, type ConfigurationOrigin } from './origin.ts';
import { operatorConfigurations } from './watch.ts';
import type { WatchedConfiguration } from './watched-configuration.ts';

/** Reason of the events, on the ConfigMap or the `OperatorConfiguration`. */
const reason = 'Configuration';

export interface ConfigurationReportOptions {
  origin: ConfigurationOrigin;
  configuration: WatchedConfiguration;
  /** Warnings about what the configuration refers to. */
  more: () => string[];
  client: Pick<Client, 'patchStatus'>;
  story: Storyteller;
  log: Logger;
  clock: Clock;
}

/** Says what became of the configuration: in the log, in events, and in the status where there is one. */
export class ConfigurationReport {
  readonly #options: ConfigurationReportOptions;
  #logged: ReadonlySet<string> = new Set();
  #told: ReadonlySet<string> = new Set();
  #loggedSettings: Settings | undefined;
  #toldSettings: Settings | undefined;

  constructor(options: ConfigurationReportOptions) {
    this.#options = options;
  }

  /** In the log, by every operator that runs. */
  log(): void {
    const { configuration, origin, log } = this.#options;
    const { settings, errors } = configuration.held;
    const warnings = this.#warnings();
    const name = describeOrigin(origin);
    const complaint = configuration.complaint();
    const lines = [
      ...(complaint === undefined ? [] : [complaint]),
      ...warnings.map((each) => `${name}: ${each}`),
    ];
    this.#logged = sayNew(lines, this.#logged, (line) => log.warn({ configuration: name }, line));
    if (errors.length > 0 || settings === undefined || settings === this.#loggedSettings) return;
    this.#loggedSettings = settings;
    log.info({ configuration: name, keys: [...settings.named] }, `${name} is in force`);
  }

  /** To those who look at the object; by the leader, so that it is told once. */
  async tell(): Promise<void> {
    const { configuration, story } = this.#options;
    const { held } = configuration;
    const { about, errors, settings } = held;
    const warnings = this.#warnings();
    if (about === undefined) return;
    const complaint = configuration.complaint();
    const messages = [...(complaint === undefined ? [] : [complaint]), ...warnings];
    this.#told = sayNew(messages, this.#told, (message) =>
      story.warning(about, reason, message.slice(0, 1000)),
    );
    if (errors.length === 0 && settings !== this.#toldSettings) {
      // The one that the operator started with is no news.
      if (this.#toldSettings !== undefined)
        story.normal(about, reason, 'the changed configuration is in force');
      this.#toldSettings = settings;
    }
    await this.#writeStatus({ ...held, warnings }, about);
  }

  #warnings(): string[] {
    return [...this.#options.configuration.held.warnings, ...this.#options.more()];
  }

  async #writeStatus(held: Held, about: KubeObject): Promise<void> {
    const { origin, configuration, client, clock, log } = this.#options;
    if (origin.type !== 'OperatorConfiguration') return;
    const status = about['status'] as ConfigurationStatus | undefined;
    const now = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
    const next = statusOf(held, configuration.complaint(), about.metadata.generation ?? 0, status, now);
    if (isDeepStrictEqual({ ...status, ...next }, status)) return;
    try {
      const key = { namespace: origin.namespace, name: origin.name };
      await client.patchStatus(
        operatorConfigurations,
        key,
        { type: 'merge', body: { status: next } },
        { fieldManager },
      );
    } catch (err) {
      log.warn({ err }, `${describeOrigin(origin)}: its status was not written: ${(err as Error).message}`);
    }
  }
}

/** Says those messages that were not said before; answers all of them, as what has been said. */
function sayNew(messages: string[], said: ReadonlySet<string>, say: (message: string) => void): Set<string> {
  for (const message of messages) if (!said.has(message)) say(message);
  return new Set(messages);
}

/** `status` of an `OperatorConfiguration`. */
export interface ConfigurationStatus {
  observedGeneration?: number;
  conditions?: Condition[];
}

/** Pure: the condition `Valid`, whose time changes only when it does. */
export function statusOf(
  held: Held,
  complaint: string | undefined,
  generation: number,
  previous: ConfigurationStatus | undefined,
  now: string,
): ConfigurationStatus {
  const isValid = complaint === undefined;
  const message = complaint ?? (held.warnings.length > 0 ? held.warnings.join(' ') : 'it is in force');
  const before = previous?.conditions?.find(({ type }) => type === 'Valid');
  const status = isValid ? 'True' : 'False';
  return {
    observedGeneration: generation,
    conditions: [
      {
        type: 'Valid',
        status,
        reason: isValid ? 'InForce' : held.settings === undefined ? 'NothingInForce' : 'LastGoodInForce',
        message,
        lastTransitionTime: before?.status === status ? before.lastTransitionTime : now,
        observedGeneration: generation,
      },
    ],
  };
}
