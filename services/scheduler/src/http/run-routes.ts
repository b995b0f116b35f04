import { Hono } from "hono";
import type { RunStatus, StartedRun } from "../api/answers.js";
import {
  priorityBodySchema,
  type RedoRequest,
  type RunPriority,
  redoBodySchema,
  type Submission,
  submitSchema,
} from "../api/request.js";
import { SchedulerError } from "../errors.js";
import { readBody, readName } from "./body.js";

/** The services behind the routes of runs. */
export interface RunServices {
  readonly runs: {
    /** Registers a run, or resumes the existing one. */
    start(submission: Submission): Promise<StartedRun>;
    list(): Promise<readonly RunStatus[]>;
    /** Undefined for an unknown run. */
    get(runId: string): Promise<RunStatus | undefined>;
    cancel(runId: string): Promise<RunStatus | undefined>;
    pause(runId: string): Promise<RunStatus | undefined>;
    /** Continues a run that is paused, cancelled, partial or refused. */
    resume(runId: string): Promise<StartedRun | undefined>;
    /** Computes shards again. */
    redo(runId: string, request: RedoRequest): Promise<RunStatus | undefined>;
    setPriority(runId: string, priority: RunPriority): Promise<RunStatus | undefined>;
  };
}

export function runRoutes({ runs }: RunServices): Hono {
  const app = new Hono();
  app.post("/", async (context) => {
    const started = await runs.start(await readBody(context, submitSchema));
    return context.json(started, started.outcome === "created" ? 201 : 200);
  });
  app.get("/", async (context) => context.json({ runs: await runs.list() }));
  app.get("/:id", async (context) => {
    const id = readName(context, "run");
    return context.json(known(id, await runs.get(id)));
  });
  app.post("/:id/cancel", async (context) => {
    const id = readName(context, "run");
    return context.json(known(id, await runs.cancel(id)));
  });
  app.post("/:id/pause", async (context) => {
    const id = readName(context, "run");
    return context.json(known(id, await runs.pause(id)));
  });
  app.post("/:id/resume", async (context) => {
    const id = readName(context, "run");
    return context.json(known(id, await runs.resume(id)));
  });
  app.post("/:id/redo", async (context) => {
    const id = readName(context, "run");
    const request = await readBody(context, redoBodySchema);
    return context.json(known(id, await runs.redo(id, request)));
  });
  app.put("/:id/priority", async (context) => {
    const id = readName(context, "run");
    const { priority } = await readBody(context, priorityBodySchema);
    return context.json(known(id, await runs.setPriority(id, priority)));
  });
  return app;
}

function known<Answer>(id: string, run: Answer | undefined): Answer {
  if (run !== undefined) return run;
  throw new SchedulerError(
    "UNKNOWN_RUN",
    `There is no run "${id}". Run \`nightbeam runs\` to list them.`,
  );
}
