/** Provisioner of the local engine's own StorageClasses. */
export const PROVISIONER = 'pgherd.dev/local';
/** Annotation of a volume with the provisioner that made it. */
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';
/** Parameter of a StorageClass: with the value `enforced`, the size of its volumes is their limit. */
export const SIZED_CLASS_PARAMETER = 'size';
