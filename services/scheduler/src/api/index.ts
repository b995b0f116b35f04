/** The schemas and types of the HTTP API, for server and clients. */
export type {
  Alarm,
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
