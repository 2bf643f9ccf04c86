import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Clock } from '../objects/index.ts';
import { Backoff, backoffDelay } from './backoff.ts';
import { done, requeueAfter } from './result.ts';
import { WorkQueue } from './work-queue.ts';
import { runWorkers } from './workers.ts';

/** A clock that moves when told. */
class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ at: number; fn: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#now + ms, fn };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = due.at;
      due.fn();
    }
    this.#now = end;
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a key added twice is handed out once', async () => {
  const queue = new WorkQueue();
  queue.add('a');
  queue.add('b');
  queue.add('a');
  expect(queue.length).toBe(2);
  expect(await queue.get()).toBe('a');
  expect(await queue.get()).toBe('b');
});

test('a key added while it is worked on comes again after done, once', async () => {
  const queue = new WorkQueue();
  queue.add('a');
  await queue.get();
  queue.add('a');
  queue.add('a');
  expect(queue.length).toBe(0);
  queue.done('a');
  expect(queue.length).toBe(1);
  expect(await queue.get()).toBe('a');
  queue.done('a');
  expect(queue.idle).toBe(true);
});

test('addAfter: the earliest time wins, whichever is asked first', async () => {
  const clock = new ManualClock();
  const queue = new WorkQueue({ clock });
  queue.addAfter('a', 100);
  queue.addAfter('a', 50);
  queue.addAfter('a', 70);
  expect(clock.pending).toBe(1);
  clock.advance(49);
  expect(queue.length).toBe(0);
  clock.advance(1);
  expect(await queue.get()).toBe('a');
  queue.done('a');
  clock.advance(1000);
  expect(queue.idle).toBe(true);
});

test('addRateLimited doubles up to the cap, per key; forget starts anew', () => {
  const clock = new ManualClock();
  const queue = new WorkQueue({ clock, backoff: { baseMs: 10, maxMs: 50, jitter: 0 } });
  expect([1, 2, 3, 4, 5].map(() => queue.addRateLimited('a'))).toEqual([10, 20, 40, 50, 50]);
  expect(queue.addRateLimited('b')).toBe(10);
  expect(queue.failures('a')).toBe(5);
  queue.forget('a');
  expect(queue.addRateLimited('a')).toBe(10);
});

test('shutDown hands out what waits, drops what is delayed, accepts nothing more', async () => {
  const clock = new ManualClock();
  const queue = new WorkQueue({ clock });
  queue.add('a');
  queue.addAfter('b', 10);
  queue.shutDown();
  queue.add('c');
  queue.addAfter('d', 1);
  expect(await queue.get()).toBe('a');
  queue.done('a');
  expect(await queue.get()).toBeUndefined();
  expect(clock.pending).toBe(0);
});

test('a waiting get is answered by shutDown', async () => {
  const queue = new WorkQueue();
  const waiting = queue.get();
  queue.shutDown();
  expect(await waiting).toBeUndefined();
});

test('backoff stays within its bounds and is never above the cap', () => {
  fc.assert(
    fc.property(fc.nat(5000), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, random) => {
      const delay = backoffDelay(failures, { baseMs: 100, maxMs: 60_000, random: () => random });
      expect(delay).toBeGreaterThanOrEqual(Math.min(60_000, 100 * 2 ** failures) / 2);
      expect(delay).toBeLessThanOrEqual(60_000);
    }),
  );
  const backoff = new Backoff({ baseMs: 1, maxMs: 100, jitter: 0 });
  expect([backoff.next(), backoff.next(), backoff.failures]).toEqual([1, 2, 2]);
  backoff.reset();
  expect(backoff.next()).toBe(1);
});

test('workers: done forgets, requeueAfter comes again, an exception comes again rate limited', async () => {
  const clock = new ManualClock();
  const queue = new WorkQueue({ clock, backoff: { baseMs: 10, maxMs: 1000, jitter: 0 } });
  const calls: string[] = [];
  const errors: [string, number][] = [];
  let broken = 2;
  const running = runWorkers(
    queue,
    1,
    (key) => {
      calls.push(key);
      if (key === 'broken' && broken-- > 0) throw new Error('no');
      return key === 'later' && calls.filter((call) => call === key).length === 1
        ? requeueAfter(100, 'why')
        : done;
    },
    {
      onError: (_, key, retryMs) => {
        errors.push([key, retryMs]);
        throw new Error('a broken listener harms nobody');
      },
    },
  );
  queue.add('later');
  queue.add('broken');
  await settle();
  expect(calls).toEqual(['later', 'broken']);
  clock.advance(10);
  await settle();
  expect(calls).toEqual(['later', 'broken', 'broken']);
  clock.advance(20);
  await settle();
  expect(calls).toEqual(['later', 'broken', 'broken', 'broken']);
  expect(queue.failures('broken')).toBe(0);
  clock.advance(70);
  await settle();
  expect(calls.at(-1)).toBe('later');
  expect(errors).toEqual([
    ['broken', 10],
    ['broken', 20],
  ]);
  queue.shutDown();
  await running;
});

test('workers: abort waits for running handlers and begins no further one', async () => {
  const queue = new WorkQueue();
  const stop = new AbortController();
  const release = Promise.withResolvers<void>();
  const calls: string[] = [];
  let ended = false;
  const running = runWorkers(
    queue,
    1,
    async (key, signal) => {
      calls.push(key);
      await release.promise;
      expect(signal.aborted).toBe(true);
      return done;
    },
    { onError: () => {}, signal: stop.signal },
  ).then(() => (ended = true));
  queue.add('a');
  queue.add('b');
  await settle();
  stop.abort();
  await settle();
  expect(ended).toBe(false);
  release.resolve();
  await running;
  expect(calls).toEqual(['a']);
});

/** The rules again, as simply as possible: which keys wait, which are worked on, which came meanwhile, which are timed. */
class Model {
  now = 0;
  ready: string[] = [];
  processing = new Set<string>();
  dirty = new Set<string>();
  delayed = new Map<string, number>();

  add(key: string): void {
    if (this.processing.has(key)) this.dirty.add(key);
    else if (!this.ready.includes(key)) this.ready.push(key);
  }
}

const key = fc.constantFrom('a', 'b', 'c');
const step = fc.oneof(
  fc.record({ op: fc.constant('add' as const), key }),
  fc.record({ op: fc.constant('addAfter' as const), key, ms: fc.integer({ min: -1, max: 30 }) }),
  fc.record({ op: fc.constant('get' as const) }),
  fc.record({ op: fc.constant('done' as const), key }),
  fc.record({ op: fc.constant('advance' as const), ms: fc.nat(20) }),
);

test('model: any sequence of steps gives the same keys in the same order as the model', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = new ManualClock();
      const queue = new WorkQueue({ clock });
      const model = new Model();
      const handedOut: [string, string | undefined][] = [];
      for (const one of steps) {
        switch (one.op) {
          case 'add':
            queue.add(one.key);
            model.add(one.key);
            break;
          case 'addAfter': {
            queue.addAfter(one.key, one.ms);
            const at = model.now + one.ms;
            if (one.ms <= 0) model.add(one.key);
            else model.delayed.set(one.key, Math.min(at, model.delayed.get(one.key) ?? Infinity));
            break;
          }
          case 'get': {
            const expected = model.ready.shift();
            if (expected === undefined) break;
            model.processing.add(expected);
            handedOut.push([expected, await queue.get()]);
            break;
          }
          case 'done':
            if (!model.processing.delete(one.key)) break;
            queue.done(one.key);
            if (model.dirty.delete(one.key)) model.ready.push(one.key);
            break;
          case 'advance': {
            clock.advance(one.ms);
            model.now += one.ms;
            const due = [...model.delayed]
              .filter(([, at]) => at <= model.now)
              .toSorted((a, b) => a[1] - b[1]);
            // Keys due at the same instant may come in either order.
            if (new Set(due.map(([, at]) => at)).size < due.length) fc.pre(false);
            for (const [dueKey] of due) {
              model.delayed.delete(dueKey);
              model.add(dueKey);
            }
            break;
          }
        }
        expect(queue.length).toBe(model.ready.length);
        expect(queue.idle).toBe(model.ready.length + model.processing.size + model.delayed.size === 0);
      }
      expect(handedOut.map(([, got]) => got)).toEqual(handedOut.map(([expected]) => expected));
    }),
    { numRuns: 300 },
  );
});

test('model: with several workers no key is ever worked on twice at once, and nothing added is lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(key, { minLength: 1, maxLength: 20 }),
      async (scheduler, keys) => {
        const queue = new WorkQueue();
        const busy = new Set<string>();
        const worked = new Map<string, number>();
        const twice: string[] = [];
        let added = 0;
        const running = runWorkers(
          queue,
          3,
          async (one) => {
            if (busy.has(one)) twice.push(one);
            busy.add(one);
            await scheduler.schedule(Promise.resolve());
            busy.delete(one);
            worked.set(one, added);
            return done;
          },
          { onError: () => {} },
        );
        const last = new Map<string, number>();
        for (const one of keys) {
          void scheduler.schedule(Promise.resolve()).then(() => {
            last.set(one, ++added);
            queue.add(one);
            return added;
          });
        }
        while (scheduler.count() > 0) await scheduler.waitOne();
        await settle();
        while (scheduler.count() > 0) {
          await scheduler.waitOne();
          await settle();
        }
        expect(twice).toEqual([]);
        expect(queue.idle).toBe(true);
        for (const [one, when] of last) expect(worked.get(one)).toBeGreaterThanOrEqual(when);
        queue.shutDown();
        await running;
      },
    ),
    { numRuns: 100 },
  );
});

test('work that waits for nothing lets the rest of the process have its turn', async () => {
  const queue = new WorkQueue();
  for (let index = 0; index < 200; index++) queue.add(String(index));
  let left: number | undefined;
  setImmediate(() => (left = queue.length));
  const busy = (): typeof done => {
    for (const end = performance.now() + 1; performance.now() < end;);
    if (queue.length === 0) queue.shutDown();
    return done;
  };
  await runWorkers(queue, 4, busy, { onError: () => {} });
  expect(left).toBeGreaterThan(0);
});
