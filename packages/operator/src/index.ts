/**
 * The operator: `observe` (watch caches → what is), `render` (manifest → what should be), `plan` (the difference as
 * steps), `execute` (one step at a time), `reconcile` (one pass over one cluster), `process` (all of it running).
 */
export { runOperator, type OperatorOptions } from './process/run-operator.ts';
export { MissingRightsError } from './process/succession.ts';
export { describeOrigin, originOf, type ConfigurationOrigin } from './process/configuration/origin.ts';
export { nothingHeld, take, type Found, type Held } from './process/configuration/held.ts';
export { rbacObjects, type RbacObject } from './process/rbac.ts';
export { rightsFor, type Duties, type Right } from './process/rights.ts';
export type { Settings } from './settings.ts';
export { render } from './render/render.ts';
export type { Credentials, Remembered, RenderInput } from './render/input.ts';
export { manifestSchema } from './reconcile/schema-check.ts';
export { assess, type Assessment } from './reconcile/assess.ts';
export { expectInDatabase, lookIntoDatabase, withDatabaseSteps } from './reconcile/database-preview.ts';
export { preview, type Preview, type PreviewInput } from './reconcile/preview.ts';
export { goalOf, type PassGoal } from './reconcile/goal.ts';
export { effectiveConfiguration } from './observe/effective-configuration.ts';
export {
  infrastructureOf,
  infrastructurePlaces,
  type Infrastructure,
} from './observe/infrastructure-roles.ts';
export { AmazonError } from './amazon/amazon-error.ts';
export { ec2, type Ec2 } from './amazon/ec2.ts';
export { ec2Query, endpointOf } from './amazon/query.ts';
export { amazon, asksAmazon, lookAtDisks } from './disks/amazon.ts';
export type { DiskSight } from './disks/disk-sight.ts';
export { observe } from './observe/observe.ts';
export type { Member, Observed } from './observe/observed.ts';
export { parseUsage, usageCommand, type Usage } from './volumes/usage.ts';
export type { ObjectSource } from './observe/source.ts';
export { pendingChanges, type PendingChange } from './observe/pending-restart.ts';
export { plan, type Goal } from './plan/plan.ts';
export { sharedChangeOf, type SharedChange } from './plan/shared-parameters.ts';
export { planDeletion } from './plan/deletion.ts';
export { printPlan } from './plan/print.ts';
export { stepsOf, type Action, type Disturbance, type Plan, type Step, type Track } from './plan/step.ts';
export { pauseForPerson } from './plan/pooler-pauses.ts';
export { pausingPoolers } from './execute/pause-poolers.ts';
export { runningPoolers } from './poolers/running-poolers.ts';
export type { PoolerPause } from './poolers/pause.ts';
export { clustersSelector } from './labels.ts';
export {
  clusterNamespaceLabel,
  finalizer,
  primaryServiceName,
  replicaServiceName,
  secretName,
} from './names.ts';
export { kinds, labelledKinds, postgresqls, type Desired, type Kind } from './kinds.ts';
export { PrimaryWatch, type Primary } from './failover/primary-watch.ts';
export { sqlDatabaseAccess, type DatabaseAccess, type DatabaseReport } from './execute/database-access.ts';
