import {
  type Alarm,
  alarmListSchema,
  errorSchema,
  estimateSchema,
  type NightBody,
  type NightList,
  type NightStatus,
  type Nodes,
  nightListSchema,
  nightStatusSchema,
  nodesSchema,
  type PriorityName,
  type PruneBody,
  type PruneReport,
  pruneReportSchema,
  type RedoBody,
  type RedoneRun,
  type RolloutBody,
  type RolloutList,
  type RolloutStatus,
  type RunEstimate,
  type RunStatus,
  redoneSchema,
  rolloutListSchema,
  rolloutStatusSchema,
  runListSchema,
  runStatusSchema,
  type StartedRun,
  type SubmitBody,
  startedRunSchema,
} from "@nightbeam/api";
import { tlsProblem } from "@nightbeam/service";
import { codeOf, reasonOf } from "@nightbeam/service/log";
import { z } from "zod";
import type { Connection } from "./connection.js";
import { ClusterError } from "./errors.js";
import { httpRequest } from "./http-request.js";

/** The HTTP API of a scheduler. All methods throw ClusterError. */
export interface SchedulerClient {
  submit(body: SubmitBody): Promise<StartedRun>;
  /** What a run would take; submits nothing. */
  estimate(body: SubmitBody): Promise<RunEstimate>;
  run(runId: string): Promise<RunStatus>;
  runs(): Promise<readonly RunStatus[]>;
  cancel(runId: string): Promise<RunStatus>;
  pause(runId: string): Promise<RunStatus>;
  /** Lets a paused run go on. */
  resume(runId: string): Promise<RunStatus>;
  /** Does the missing shards of a partial, cancelled or refused run. */
  retry(runId: string): Promise<RunStatus>;
  /** Removes ended runs. */
  prune(body: PruneBody): Promise<PruneReport>;
  /** Has shards computed again. */
  redo(runId: string, body: RedoBody): Promise<RedoneRun>;
  prioritize(runId: string, priority: PriorityName): Promise<RunStatus>;
  putNight(name: string, body: NightBody): Promise<NightStatus>;
  nights(): Promise<NightList>;
  removeNight(name: string): Promise<void>;
  setRollout(name: string, body: RolloutBody): Promise<RolloutStatus>;
  rollouts(): Promise<RolloutList>;
  alarms(): Promise<readonly Alarm[]>;
  /** Removes all alarms. */
  clearAlarms(): Promise<void>;
  nodes(): Promise<Nodes>;
}

export function schedulerClient(connection: Connection): SchedulerClient {
  const ask = asker(connection);
  const at = (folder: string, name: string) => `/v1/${folder}/${encodeURIComponent(name)}`;
  const act = (action: string) => (runId: string) =>
    ask(runStatusSchema, { method: "POST", path: `${at("runs", runId)}/${action}` });
  return {
    submit: (body) => ask(startedRunSchema, { method: "POST", path: "/v1/runs", body }),
    estimate: (body) => ask(estimateSchema, { method: "POST", path: "/v1/runs/estimate", body }),
    run: (runId) => ask(runStatusSchema, { path: at("runs", runId) }),
    runs: async () => (await ask(runListSchema, { path: "/v1/runs" })).runs,
    cancel: act("cancel"),
    pause: act("pause"),
    resume: act("resume"),
    retry: act("retry"),
    prune: (body) => ask(pruneReportSchema, { method: "POST", path: "/v1/runs/prune", body }),
    redo: (runId, body) => {
      return ask(redoneSchema, { method: "POST", path: `${at("runs", runId)}/redo`, body });
    },
    prioritize: (runId, priority) => {
      const path = `${at("runs", runId)}/priority`;
      return ask(runStatusSchema, { method: "PUT", path, body: { priority } });
    },
    putNight: (name, body) => {
      return ask(nightStatusSchema, { method: "PUT", path: at("nights", name), body });
    },
    nights: () => ask(nightListSchema, { path: "/v1/nights" }),
    removeNight: async (name) => {
      await ask(z.undefined(), { method: "DELETE", path: at("nights", name) });
    },
    setRollout: (name, body) => {
      return ask(rolloutStatusSchema, { method: "PUT", path: at("rollouts", name), body });
    },
    rollouts: () => ask(rolloutListSchema, { path: "/v1/rollouts" }),
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

function asker({ url, token, tls }: Connection) {
  return async <Schema extends z.ZodType>(
    schema: Schema,
    { method = "GET", path, body }: Question,
  ): Promise<z.output<Schema>> => {
    const { status, text } = await httpRequest({
      url: `${url}${path}`,
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      tls,
      timeoutMs: TIMEOUT_MS,
    }).catch((cause: unknown) => {
      throw unreachable({ url, tls }, cause);
    });
    const value = jsonOf(text);
    if (status < 200 || status > 299) throw refusal(url, status, value);
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new ClusterError(
      "NOT_A_SCHEDULER",
      `${url} does not answer like a scheduler of this version. Check --scheduler, and that both have the same version.`,
      { cause: parsed.error },
    );
  };
}

function unreachable({ url, tls }: Pick<Connection, "url" | "tls">, cause: unknown): ClusterError {
  const problem = tlsProblem(cause, { tls, server: "the scheduler" });
  const message =
    problem === undefined
      ? `no scheduler answers at ${url}: ${failureOf(cause)}. Start it with \`nightbeam scheduler\`, or pass its address with --scheduler or NIGHTBEAM_SCHEDULER_URL.`
      : `cannot use the scheduler at ${url}: ${problem}`;
  return new ClusterError("UNREACHABLE", message, { cause });
}

function failureOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "timeout";
  const code = codeOf(error);
  return code === "ECONNRESET"
    ? "it ends the connection, as a server with TLS does (https://)"
    : (code ?? reasonOf(error));
}

function refusal(url: string, status: number, value: unknown): ClusterError {
  const parsed = errorSchema.safeParse(value);
  if (!parsed.success) {
    return new ClusterError(
      "NOT_A_SCHEDULER",
      `${url} answers ${status}, but not like a scheduler. Check --scheduler.`,
    );
  }
  const { message } = parsed.data;
  return new ClusterError(status === 401 || status === 403 ? "WRONG_TOKEN" : "REFUSED", message);
}

function jsonOf(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
