import { isOn, parseConfig, parseSync } from '@pgherd/patroni';
import type { Rules } from './decide.ts';

type Annotations = Record<string, string> | undefined;

/** Patroni's own default of `maximum_lag_on_failover`. */
const defaultMaximumLag = 1_048_576;

/** What Patroni's objects `…-config` and `…-sync` say of who may take over from `leader`. */
export function rulesOf(config: Annotations, sync: Annotations, leader: string | undefined): Rules {
  const {
    pause,
    synchronous_mode: mode,
    maximum_lag_on_failover: lag,
    standby_cluster: standby,
  } = parseConfig(config).config ?? {};
  const { leader: chosenBy, standbys, quorum } = parseSync(sync);
  // Until a new leader has chosen others, those of the one before count, and itself.
  const isSynchronous = (mode === 'quorum' || isOn(mode)) && standby === undefined;
  const accepted = [...standbys, ...(chosenBy === undefined ? [] : [chosenBy])];
  return {
    paused: isOn(pause),
    synchronous: isSynchronous
      ? {
          standbys: accepted.filter((name) => name !== leader),
          votes: mode === 'quorum' ? (quorum ?? 0) + 1 : 1,
        }
      : undefined,
    maximumLag: typeof lag === 'number' ? lag : defaultMaximumLag,
  };
}
