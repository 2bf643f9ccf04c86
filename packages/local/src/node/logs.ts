import type { Clock } from '@pgherd/kube/objects';
import type { Engine } from '../engine/engine.ts';
import { FrameDecoder } from '../engine/frames.ts';
import type { LogOptions } from './node-proxy.ts';

/** A container's log, both streams in order of time. `limitBytes` cuts it off. */
export async function* containerLogs(
  engine: Engine,
  container: { id: string; tty: boolean },
  options: LogOptions,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const query = new URLSearchParams({ stdout: '1', stderr: '1', tail: 'all' });
  if (options.follow) query.set('follow', '1');
  if (options.timestamps) query.set('timestamps', '1');
  if (options.tailLines !== undefined) query.set('tail', String(options.tailLines));
  const since = sinceSeconds(options, clock);
  if (since !== undefined) query.set('since', String(since));
  if (options.tailLines === 0 && !options.follow) return;

  const stream = await engine.stream(
    'GET',
    `/containers/${container.id}/logs?${query.toString()}`,
    undefined,
    signal,
  );
  const decoder = container.tty ? undefined : new FrameDecoder();
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  for await (const chunk of stream) {
    const pieces =
      decoder === undefined ? [chunk as Buffer] : decoder.push(chunk as Buffer).map((frame) => frame.data);
    for (const piece of pieces) {
      yield piece.subarray(0, Math.min(piece.length, left));
      left -= piece.length;
      if (left <= 0) return;
    }
  }
}

/** Seconds since 1970. */
function sinceSeconds(options: LogOptions, clock: Clock): number | undefined {
  if (options.sinceSeconds !== undefined) return Math.floor(clock.now() / 1000) - options.sinceSeconds;
  if (options.sinceTime !== undefined) return Math.floor(Date.parse(options.sinceTime) / 1000);
  return undefined;
}
