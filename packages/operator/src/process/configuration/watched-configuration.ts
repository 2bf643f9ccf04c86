import { isDeepStrictEqual } from 'node:util';
import { overlay, type Overrides } from '@pgherd/api';
import type { Client } from '@pgherd/kube/client';
import type { Logger } from '@pgherd/kube/objects';
import { aborted } from '@pgherd/kube/runtime';
import type { Settings } from '../../settings.ts';
import { nothingHeld, take, type Found, type Held } from './held.ts';
import { describeOrigin, type ConfigurationOrigin } from './origin.ts';
import { watchOrigin } from './watch.ts';

export interface WatchedConfigurationOptions {
  origin: ConfigurationOrigin;
  overrides: Overrides;
  client: Client;
  log: Logger;
}

/** The operator's configuration, kept up with what stands at its origin. */
export class WatchedConfiguration {
  readonly #options: WatchedConfigurationOptions;
  readonly #listeners = new Set<() => void>();
  #held: Held = nothingHeld;
  #isRead = false;

  constructor(options: WatchedConfigurationOptions) {
    this.#options = options;
  }

  get held(): Held {
    return this.#held;
  }

  /** Calls the listener after each look at the origin. Returns its end. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves after the next look at the origin, or when the signal aborts. */
  async change(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = this.onChange(resolve);
    await Promise.race([promise, aborted(signal)]);
    stop();
  }

  /** Resolves after the first look at the origin, or when the signal aborts. */
  async read(signal: AbortSignal): Promise<void> {
    while (!this.#isRead && !signal.aborted) await this.change(signal);
  }

  /** The first configuration that can be acted on; undefined when the signal aborts before. */
  async usable(signal: AbortSignal): Promise<Settings | undefined> {
    while (this.#held.settings === undefined && !signal.aborted) await this.change(signal);
    return signal.aborted ? undefined : this.#held.settings;
  }

  /** Follows the origin until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { origin, client, log } = this.#options;
    await watchOrigin(origin, { client, log, signal }, (found) => this.#take(found));
    await aborted(signal);
  }

  /** Why nothing, or nothing newer, is in force; undefined: all is well. */
  complaint(): string | undefined {
    const { origin } = this.#options;
    if (!this.#isRead) return `${describeOrigin(origin)} has not been read yet`;
    const { errors, settings } = this.#held;
    if (errors.length === 0) return undefined;
    const meanwhile =
      settings === undefined ? 'no cluster is touched until it is right' : 'the last good one stays in force';
    return `${describeOrigin(origin)}: ${errors.join(' ')} (${meanwhile})`;
  }

  #take(found: Found): void {
    const { origin, overrides } = this.#options;
    const before = this.#held.settings;
    if (origin.type === 'fixed') {
      const { configuration } = overlay(origin.settings.configuration, overrides);
      this.#held = { ...nothingHeld, settings: { configuration, named: origin.settings.named } };
    } else {
      this.#held = take(this.#held, found, overrides);
    }
    // The same values are the same configuration, although they were read again.
    if (before !== undefined && isDeepStrictEqual(before, this.#held.settings)) {
      this.#held = { ...this.#held, settings: before };
    }
    this.#isRead = true;
    for (const listener of this.#listeners) listener();
  }
}
