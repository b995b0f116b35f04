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
  RunStatus,
  StartedRun,
  Unreadable,
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
export type {
  NightBody,
  PriorityName,
  RolloutBody,
  SubmitBody,
  TreatmentBody,
} from "./request.js";
