import {
  type Alarm,
  alarmListSchema,
  errorSchema,
  type NightBody,
  type NightStatus,
  type Nodes,
  nightListSchema,
  nightStatusSchema,
  nodesSchema,
  type RolloutBody,
  type RolloutStatus,
  type RunStatus,
  rolloutListSchema,
  rolloutStatusSchema,
  runListSchema,
  runStatusSchema,
  type StartedRun,
  type SubmitBody,
  startedRunSchema,
} from "@nightbeam/scheduler/api";
import { z } from "zod";
import type { Connection } from "./connection.js";
import { ClusterError } from "./errors.js";

/** What a scheduler can be asked. All throw ClusterError. */
export interface SchedulerClient {
  submit(body: SubmitBody): Promise<StartedRun>;
  run(runId: string): Promise<RunStatus>;
  runs(): Promise<readonly RunStatus[]>;
  cancel(runId: string): Promise<RunStatus>;
  putNight(name: string, body: NightBody): Promise<NightStatus>;
  nights(): Promise<readonly NightStatus[]>;
  removeNight(name: string): Promise<void>;
  setRollout(name: string, body: RolloutBody): Promise<RolloutStatus>;
  rollouts(): Promise<readonly RolloutStatus[]>;
  alarms(): Promise<readonly Alarm[]>;
  /** Forgets all alarms. */
  clearAlarms(): Promise<void>;
  nodes(): Promise<Nodes>;
}

export function schedulerClient(connection: Connection): SchedulerClient {
  const ask = asker(connection);
  const at = (folder: string, name: string) => `/v1/${folder}/${encodeURIComponent(name)}`;
  return {
    submit: (body) => ask(startedRunSchema, { method: "POST", path: "/v1/runs", body }),
    run: (runId) => ask(runStatusSchema, { path: at("runs", runId) }),
    runs: async () => (await ask(runListSchema, { path: "/v1/runs" })).runs,
    cancel: (runId) => {
      return ask(runStatusSchema, { method: "POST", path: `${at("runs", runId)}/cancel` });
    },
    putNight: (name, body) => {
      return ask(nightStatusSchema, { method: "PUT", path: at("nights", name), body });
    },
    nights: async () => (await ask(nightListSchema, { path: "/v1/nights" })).nights,
    removeNight: async (name) => {
      await ask(z.undefined(), { method: "DELETE", path: at("nights", name) });
    },
    setRollout: (name, body) => {
      return ask(rolloutStatusSchema, { method: "PUT", path: at("rollouts", name), body });
    },
    rollouts: async () => (await ask(rolloutListSchema, { path: "/v1/rollouts" })).rollouts,
    alarms: async () => (await ask(alarmListSchema, { path: "/v1/alarms" })).alarms,
    clearAlarms: async () => {
      await ask(z.undefined(), { method: "DELETE", path: "/v1/alarms" });
    },
    nodes: () => ask(nodesSchema, { path: "/v1/nodes" }),
  };
}

interface Question {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
}

const TIMEOUT_MS = 60_000;

function asker({ url, token }: Connection) {
  return async <Schema extends z.ZodType>(
    schema: Schema,
    { method = "GET", path, body }: Question,
  ): Promise<z.output<Schema>> => {
    const answer = await reach(url, () =>
      fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }),
    );
    const text = await reach(url, () => answer.text());
    const value = jsonOf(text);
    if (!answer.ok) throw refusal(url, answer.status, value);
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new ClusterError(
      "NOT_A_SCHEDULER",
      `${url} does not answer as this version's scheduler does. Check --scheduler, and that both are of one version.`,
      { cause: parsed.error },
    );
  };
}

async function reach<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new ClusterError(
      "UNREACHABLE",
      `no scheduler answers at ${url}: ${reasonOf(cause)}. Start it with \`nightbeam scheduler\`, or name the right address with --scheduler or NIGHTBEAM_SCHEDULER_URL.`,
      { cause },
    );
  }
}

/** fetch says only "fetch failed"; why is in the cause. */
function reasonOf(error: unknown): string {
  const { cause } = error instanceof Error ? error : { cause: undefined };
  if (cause instanceof Error && "code" in cause) return String(cause.code);
  if (error instanceof Error && error.name === "TimeoutError") return "it takes too long";
  return error instanceof Error ? error.message : String(error);
}

function refusal(url: string, status: number, value: unknown): ClusterError {
  const parsed = errorSchema.safeParse(value);
  if (!parsed.success) {
    return new ClusterError(
      "NOT_A_SCHEDULER",
      `${url} answers ${status} and not as a scheduler does. Check --scheduler.`,
    );
  }
  const { message } = parsed.data;
  return new ClusterError(status === 401 ? "WRONG_TOKEN" : "REFUSED", message);
}

function jsonOf(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
