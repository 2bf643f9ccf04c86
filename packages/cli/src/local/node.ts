import { askServer, ControlError, describeCuts, type NodeView } from '@pgherd/local';
import { CommandError, exitCode } from '../exit-code.ts';
import { parseOutputFormat, print } from '../output.ts';
import type { LocalOptions } from './commands.ts';
import { homeOf } from './files.ts';

/** `pgherd local node cut`. */
export interface CutOptions extends LocalOptions {
  from: string;
  oneWay?: string;
}

/** `pgherd local node list` */
export async function listNodes(options: LocalOptions): Promise<void> {
  await answer(options, await ask<NodeView[]>(options, 'GET', '/nodes'));
}

/** `pgherd local node cut NAME` */
export async function cutNode(name: string, options: CutOptions): Promise<void> {
  const direction = options.oneWay ?? 'both';
  const body = { from: options.from, direction };
  await answer(options, await ask(options, 'POST', `${pathOf(name)}/cut`, body));
}

/** `pgherd local node heal|stop|start NAME` */
export async function changeNode(
  verb: 'heal' | 'stop' | 'start',
  name: string,
  options: LocalOptions,
): Promise<void> {
  await answer(options, await ask(options, 'POST', `${pathOf(name)}/${verb}`, {}));
}

/** `pgherd local node remove NAME` */
export async function removeNode(name: string, options: LocalOptions): Promise<void> {
  await answer(options, await ask(options, 'DELETE', pathOf(name)));
}

/** Asks the running server; its refusals become those of the command. */
export async function ask<T = NodeView[]>(
  options: Pick<LocalOptions, 'home'>,
  method: string,
  path: string,
  body?: object,
): Promise<T> {
  try {
    return await askServer<T>(homeOf(options), method, path, body);
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    const code = { 0: exitCode.notFound, 404: exitCode.notFound, 400: exitCode.wrongUsage }[error.code];
    throw new CommandError(error.message, code);
  }
}

const pathOf = (name: string): string => `/nodes/${encodeURIComponent(name)}`;

async function answer(options: LocalOptions, nodes: NodeView[]): Promise<void> {
  print(parseOutputFormat(options.output), nodes, () => table(nodes));
}

function table(nodes: readonly NodeView[]): string {
  const rows = [
    ['NAME', 'ADDRESS', 'PODS', 'ZONE', 'POWER', 'CUT OFF FROM'],
    ...nodes.map(({ name, address, podSubnet, zone, isOn, cuts }) => [
      name,
      address,
      podSubnet,
      zone ?? '',
      isOn ? 'on' : 'off',
      describeCuts(cuts),
    ]),
  ];
  const widths = rows[0]!.map((_, n) => Math.max(...rows.map((row) => row[n]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, n) => cell.padEnd(widths[n] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
