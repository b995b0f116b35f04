/**
 * What goes over HTTP between the scheduler and its clients, without the server: what both sides
 * parse with.
 */
export type {
  Alarm,
  NightStatus,
  Nodes,
  RolloutStatus,
  RunStateName,
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
