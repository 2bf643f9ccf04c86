import { join } from 'node:path';
import { defaultHome } from '@pgherd/local';
import type { BackgroundProcess } from './background.ts';
import type { LocalOptions } from './commands.ts';

/** Home directory of the instance that the options name. */
export const homeOf = (options: Pick<LocalOptions, 'home'>): string =>
  options.home === undefined ? defaultHome() : defaultHome({ PGHERD_HOME: options.home });

/** Kubeconfig of the administrator. */
export const adminKubeconfig = (home: string): string => join(home, 'kubeconfig');

/** Kubeconfig of the operator's service account. */
export const operatorKubeconfig = (home: string): string => join(home, 'operator.kubeconfig');

/** The background processes of an instance. */
export const serverProcessOf = (home: string): BackgroundProcess => ({ name: 'server', home });
export const operatorProcessOf = (home: string): BackgroundProcess => ({ name: 'operator', home });
