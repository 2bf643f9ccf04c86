import { quantityNumber } from '@pgherd/kube/objects';

/** A quantity (`500m`, `1Gi`) as a number. The registry has validated it: what is none counts as nothing. */
export function amountOf(quantity: string | number): number {
  return quantityNumber(quantity) ?? 0;
}
