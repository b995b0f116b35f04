// The rows of infra/grafana/nightbeam.json. A panel is [title, unit, queries, what it says], a number at the top [title,
// unit, PromQL]. A query is PromQL and its legend. Every scheduler reports what all share: a maximum, never a sum.
import { HEALTH_ROWS } from "./health.mjs";
import { NIGHT_ROWS } from "./night.mjs";
import { WORK_ROWS } from "./work.mjs";

const [night, queue, costs] = NIGHT_ROWS;

export const ROWS = [night, ...WORK_ROWS, queue, ...HEALTH_ROWS, costs];
