import type { PostgresqlStatus, VolumeStatus } from '@pgherd/api';
import type { Observed } from '../observe/observed.ts';
import { dataClaims } from '../volumes/data-claims.ts';
import type { Forecast } from '../volumes/forecast.ts';

/** Percentage points, and shares, by which something must have changed to be written again. */
const pointsThatCount = 5;
const shareThatCounts = 0.25;

/** The volumes for the status: roughly, so that a cluster that is written to does not write its status all the time. */
export function volumeStatuses(observed: Observed, previous: PostgresqlStatus): VolumeStatus[] {
  return dataClaims(observed).flatMap(({ name, ordinal }) => {
    const pod = `${observed.name}-${ordinal}`;
    const usage = observed.usage?.get(pod);
    const before = previous.volumes?.find(({ claim }) => claim === name);
    // Right after a start of the operator nothing was looked at yet.
    if (usage === undefined) return before === undefined ? [] : [before];
    const percent = Math.round((usage.used * 100) / (usage.used + usage.free));
    const forecast = observed.forecasts?.get(pod);
    if (before !== undefined && isSame(before, percent, forecast)) return [before];
    return [{ claim: name, usedPercent: percent, ...printed(forecast) }];
  });
}

function isSame(before: VolumeStatus, percent: number, forecast: Forecast | undefined): boolean {
  if (Math.abs(before.usedPercent - percent) >= pointsThatCount) return false;
  const [was, is] = [before.growthBytesPerDay, forecast?.growthPerDay];
  if (was === undefined || is === undefined) return was === is;
  return Math.abs(was - is) <= Math.max(Math.abs(was), 1024 ** 2) * shareThatCounts;
}

function printed(forecast: Forecast | undefined): Partial<VolumeStatus> {
  if (forecast === undefined) return {};
  const { growthPerDay, fullAt } = forecast;
  return {
    growthBytesPerDay: growthPerDay,
    ...(fullAt === undefined ? {} : { fullAt: `${new Date(fullAt).toISOString().slice(0, 19)}Z` }),
  };
}
