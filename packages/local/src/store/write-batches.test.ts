import { expect, test } from 'vitest';
import { WriteBatches } from './write-batches.ts';

/** Notes what happens; a failure is thrown at the end of the transaction, as that of a disk. */
function playedStore(failure?: Error) {
  const story: string[] = [];
  const transaction = <T>(work: () => T): T => {
    story.push('begin');
    const result = work();
    story.push('end');
    if (failure) throw failure;
    return result;
  };
  return { story, transaction };
}

test('writes of one turn are one transaction, in order, and each gets its own answer after it', async () => {
  const store = playedStore();
  const batches = new WriteBatches(store);
  const answers = await Promise.allSettled(
    [1, 2, 3].map((number) =>
      batches
        .run(() => {
          store.story.push(`write ${number}`);
          if (number === 2) throw new Error('refused');
          return number;
        })
        .finally(() => store.story.push(`answer ${number}`)),
    ),
  );
  expect(answers).toEqual([
    { status: 'fulfilled', value: 1 },
    { status: 'rejected', reason: new Error('refused') },
    { status: 'fulfilled', value: 3 },
  ]);
  expect(store.story.slice(0, 5)).toEqual(['begin', 'write 1', 'write 2', 'write 3', 'end']);
  expect(store.story.slice(5).sort()).toEqual(['answer 1', 'answer 2', 'answer 3']);
});

test('very many writes take several transactions', async () => {
  const store = playedStore();
  const batches = new WriteBatches(store);
  const numbers = Array.from({ length: 120 }, (_, index) => index);
  expect(await Promise.all(numbers.map((number) => batches.run(() => number)))).toEqual(numbers);
  expect(store.story.filter((what) => what === 'begin').length).toBeGreaterThan(1);
});

test('when the disk fails every write of the transaction fails', async () => {
  const batches = new WriteBatches(playedStore(new Error('disk')));
  const answers = await Promise.allSettled([1, 2].map((number) => batches.run(() => number)));
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});
