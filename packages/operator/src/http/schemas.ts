import type { Schema } from '@pgherd/kube/schema';

/** Short ways to write the schemas of answers. */
export const string: Schema = { type: 'string' };
export const integer: Schema = { type: 'integer' };
export const boolean: Schema = { type: 'boolean' };
export const time: Schema = { type: 'string', format: 'date-time' };
/** Any JSON object, e.g. one of Kubernetes. */
export const anything: Schema = { type: 'object', additionalProperties: true };
/** As `anything`, or nothing. */
export const object: Schema = { ...anything, nullable: true };

export function list(items: Schema): Schema {
  return { type: 'array', items };
}

export function mapOf(values: Schema): Schema {
  return { type: 'object', additionalProperties: values };
}

/** An object with exactly these members, all of them there unless named in `optional`. */
export function shape(properties: Record<string, Schema>, optional: string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required, additionalProperties: false };
}

export const failureSchema = shape({ error: string });

const process = shape({ Name: string, StartTime: time });

export const logLine = shape(
  { Time: time, Level: string, Worker: integer, ClusterName: string, Message: string },
  ['Worker', 'ClusterName'],
);

export const change = shape({ EventTime: time, ProcessTime: time, Diff: list(string) });

export const queue = shape({
  Keys: list(string),
  List: list(
    shape({
      EventTime: time,
      UID: string,
      EventType: string,
      OldSpec: object,
      NewSpec: object,
      WorkerID: integer,
    }),
  ),
});

export const workerStatus: Schema = {
  oneOf: [
    { type: 'string', enum: ['idle'] },
    shape({ CurrentCluster: shape({ Namespace: string, Name: string }), CurrentProcess: process }),
  ],
};

export const cluster = shape({
  Team: string,
  Cluster: string,
  Namespace: string,
  MasterService: object,
  ReplicaService: object,
  MasterEndpoint: object,
  ReplicaEndpoint: object,
  StatefulSet: object,
  PrimaryPodDisruptionBudget: object,
  CriticalOpPodDisruptionBudget: object,
  CurrentProcess: process,
  Worker: integer,
  Status: anything,
  Spec: anything,
  Error: object,
});

export const operatorStatus = shape({
  LastSyncTime: integer,
  Clusters: integer,
  WorkerQueueSize: mapOf(integer),
  Identity: string,
  Leader: string,
  Leads: boolean,
});
