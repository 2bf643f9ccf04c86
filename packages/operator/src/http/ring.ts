/** The last entries of something, oldest first. */
export class Ring<T> {
  readonly #entries: T[] = [];

  /** Adds an entry and drops the oldest beyond `limit`, which may be another one each time. */
  add(entry: T, limit: number): void {
    this.#entries.push(entry);
    this.#entries.splice(0, Math.max(0, this.#entries.length - limit));
  }

  list(): readonly T[] {
    return this.#entries;
  }
}
