import type { Clock, Logger } from '@pgherd/kube/objects';
import type { Engine } from '../engine/engine.ts';
import { jsonLines } from '../engine/json-lines.ts';
import { LABEL } from './labels.ts';

interface EngineEvent {
  Action?: string;
  Actor?: { ID?: string; Attributes?: Record<string, string> };
}

/** Pause before the stream is opened again, milliseconds. */
const RECONNECT_MS = 1000;

/**
 * Tells of containers of this instance that ended or were removed, by pod uid. `onConnect` is called whenever the
 * stream stands (again): what happened in between is found by looking at everything once.
 */
export function watchEngine(options: {
  engine: Engine;
  instanceId: string;
  clock: Clock;
  log: Logger;
  onChange: (podUid: string, containerId: string) => void;
  onConnect: () => void;
}): { stop(): void } {
  const { engine, instanceId, clock, log, onChange, onConnect } = options;
  const abort = new AbortController();
  let cancel = (): void => {};
  const filters = encodeURIComponent(
    JSON.stringify({ type: ['container'], label: [`${LABEL.instance}=${instanceId}`] }),
  );

  const follow = async (): Promise<void> => {
    const stream = await engine.stream('GET', `/events?filters=${filters}`, undefined, abort.signal);
    onConnect();
    for await (const value of jsonLines(stream)) {
      const event = value as EngineEvent;
      const uid = event.Actor?.Attributes?.[LABEL.podUid];
      if (uid === undefined || !['die', 'died', 'oom', 'remove', 'destroy'].includes(event.Action ?? ''))
        continue;
      onChange(uid, event.Actor?.ID ?? '');
    }
  };
  const loop = (): void => {
    follow()
      .catch((error: unknown) => {
        if (!abort.signal.aborted) log.warn({ err: error }, 'the container engine’s event stream ended');
      })
      .finally(() => {
        if (!abort.signal.aborted) cancel = clock.after(RECONNECT_MS, loop);
      });
  };
  loop();
  return {
    stop() {
      abort.abort();
      cancel();
    },
  };
}
