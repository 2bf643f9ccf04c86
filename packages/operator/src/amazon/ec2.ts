import type { Disk, DiskChange, DiskShape, Modification } from '../disks/disk.ts';
import { AmazonError } from './amazon-error.ts';
import { childrenOf, textAt, type Element } from './xml.ts';

/** Asks one action of EC2's query API and answers what it said. Throws `AmazonError`. */
export type Query = (action: string, parameters: Record<string, string>) => Promise<Element>;

/** What is asked of Amazon about disks. All throw `AmazonError`. */
export interface Ec2 {
  /** The disks that there are of these ids, in no order; an id that nobody knows is left out. */
  disks(ids: readonly string[]): Promise<Disk[]>;
  /** Begins a change, and answers it. */
  modify(id: string, change: DiskChange): Promise<Modification>;
}

/** As many values may be in one filter. */
const mostValues = 200;

/** `DescribeVolumes`, `DescribeVolumesModifications` and `ModifyVolume` of EC2's API, version 2016-11-15. */
export function ec2(query: Query): Ec2 {
  return {
    async disks(ids) {
      const found: Disk[] = [];
      for (let from = 0; from < ids.length; from += mostValues) {
        const filter = volumeFilter(ids.slice(from, from + mostValues));
        const volumes = await all(query, 'DescribeVolumes', filter, 'volumeSet');
        const changes = await all(query, 'DescribeVolumesModifications', filter, 'volumeModificationSet');
        found.push(...volumes.map((volume) => diskOf(volume, changes)));
      }
      return found;
    },
    async modify(id, { type, sizeGiB, iops, throughput }) {
      const answer = await query('ModifyVolume', {
        VolumeId: id,
        ...(type === undefined ? {} : { VolumeType: type }),
        ...(sizeGiB === undefined ? {} : { Size: String(sizeGiB) }),
        ...(iops === undefined ? {} : { Iops: String(iops) }),
        ...(throughput === undefined ? {} : { Throughput: String(throughput) }),
      });
      const [modification] = childrenOf(answer, 'volumeModification');
      if (modification === undefined) throw garbled('ModifyVolume');
      return modificationOf(modification);
    },
  };
}

/** By filter and not by id: one volume that is gone must not hide all the others. */
function volumeFilter(ids: readonly string[]): Record<string, string> {
  const values = ids.map((id, index) => [`Filter.1.Value.${index + 1}`, id]);
  return { 'Filter.1.Name': 'volume-id', ...Object.fromEntries(values) };
}

/** All pages of an answer. */
async function all(
  query: Query,
  action: string,
  parameters: Record<string, string>,
  set: string,
): Promise<Element[]> {
  const items: Element[] = [];
  for (let next: string | undefined, isFirst = true; isFirst || next !== undefined; isFirst = false) {
    const answer = await query(action, { ...parameters, ...(next === undefined ? {} : { NextToken: next }) });
    items.push(...childrenOf(childrenOf(answer, set)[0], 'item'));
    next = textAt(answer, 'nextToken');
  }
  return items;
}

function diskOf(volume: Element, changes: Element[]): Disk {
  const id = textAt(volume, 'volumeId');
  if (id === undefined) throw garbled('DescribeVolumes');
  const latest = changes
    .filter((change) => textAt(change, 'volumeId') === id)
    .map(modificationOf)
    .reduce<Modification | undefined>(
      (newest, each) => (newest === undefined || each.startedAt > newest.startedAt ? each : newest),
      undefined,
    );
  return {
    id,
    type: textAt(volume, 'volumeType') ?? '',
    sizeGiB: Number(textAt(volume, 'size')),
    iops: numberAt(volume, 'iops'),
    throughput: numberAt(volume, 'throughput'),
    modification: latest,
  };
}

function modificationOf(element: Element): Modification {
  const message = textAt(element, 'statusMessage');
  const target: DiskShape = {
    type: textAt(element, 'targetVolumeType') ?? '',
    sizeGiB: Number(textAt(element, 'targetSize')),
    iops: numberAt(element, 'targetIops'),
    throughput: numberAt(element, 'targetThroughput'),
  };
  return {
    state: textAt(element, 'modificationState') ?? '',
    target,
    startedAt: Date.parse(textAt(element, 'startTime') ?? '') || 0,
    ...(message === undefined ? {} : { message }),
  };
}

function numberAt(element: Element, name: string): number | undefined {
  const text = textAt(element, name);
  return text === undefined ? undefined : Number(text);
}

function garbled(action: string): AmazonError {
  return new AmazonError('unreachable', `what was answered to ${action} is no answer of Amazon's`);
}
