/** The schemas and types of the HTTP API, for server and clients. */
export { ALARM_KINDS, type AlarmKind } from "./alarm-kinds.js";
export type {
  Alarm,
  AlarmEvent,
  NightList,
  NightStatus,
  Nodes,
  RolloutList,
  RolloutStatus,
  Unreadable,
} from "./cluster.js";
export {
  alarmListSchema,
  alarmSchema,
  errorSchema,
  nightListSchema,
  nightStatusSchema,
  nodesSchema,
  rolloutListSchema,
  rolloutStatusSchema,
} from "./cluster.js";
export type {
  Rejects,
  RoleName,
  RunSeries,
  Session,
  ShardDetail,
  ShardMap,
  UserAnswer,
} from "./page.js";
export {
  loginSchema,
  rejectsSchema,
  runSeriesSchema,
  sessionSchema,
  shardDetailSchema,
  shardMapSchema,
} from "./page.js";
export type {
  NightBody,
  PriorityName,
  PruneBody,
  RedoBody,
  RolloutBody,
  RolloutRequest,
  Submission,
  SubmitBody,
  Treatment,
  TreatmentBody,
} from "./request.js";
export {
  nameSchema,
  nightBodySchema,
  priorityBodySchema,
  prioritySchema,
  pruneBodySchema,
  redoBodySchema,
  rolloutBodySchema,
  submitSchema,
  treatmentFields,
  treatmentSchema,
} from "./request.js";
export type {
  Drift,
  PrunedRun,
  PruneReport,
  PublicationStatus,
  RedoneRun,
  RunEstimate,
  RunStateName,
  RunStatus,
  StartedRun,
} from "./runs.js";
export {
  driftSchema,
  estimateSchema,
  pruneReportSchema,
  publicationSchema,
  redoneSchema,
  runListSchema,
  runStateSchema,
  runStatusSchema,
  startedRunSchema,
} from "./runs.js";
