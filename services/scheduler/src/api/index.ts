/** The schemas and types of the HTTP API, for server and clients. */
export { ALARM_KINDS, type AlarmKind } from "./alarm-kinds.js";
export type {
  Alarm,
  AlarmEvent,
  NightStatus,
  Nodes,
  RolloutStatus,
  RunStatus,
  StartedRun,
} from "./answers.js";
export {
  alarmListSchema,
  errorSchema,
  nightListSchema,
  nightStatusSchema,
  nodesSchema,
  rolloutListSchema,
  rolloutStatusSchema,
  runListSchema,
  runStatusSchema,
  startedRunSchema,
} from "./answers.js";
export type { NightBody, RolloutBody, SubmitBody } from "./request.js";
