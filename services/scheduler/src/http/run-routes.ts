import { Hono } from "hono";
import type { RunStatus, StartedRun } from "../api/answers.js";
import type { Submission, Treatment } from "../api/request.js";
import { SchedulerError } from "../errors.js";
import { readSubmission } from "./submission.js";

/** The services behind the routes of runs. */
export interface RunServices {
  readonly runs: {
    /** Registers a run, or resumes the existing one. */
    submit(submission: Submission, treatment: Treatment): Promise<StartedRun>;
    list(): Promise<readonly RunStatus[]>;
    /** Undefined for an unknown run. */
    get(runId: string): Promise<RunStatus | undefined>;
    cancel(runId: string): Promise<RunStatus | undefined>;
  };
}

export function runRoutes({ runs }: RunServices): Hono {
  const app = new Hono();
  app.post("/", async (context) => {
    const { submission, treatment } = await readSubmission(context);
    const started = await runs.submit(submission, treatment);
    return context.json(started, started.outcome === "created" ? 201 : 200);
  });
  app.get("/", async (context) => context.json({ runs: await runs.list() }));
  app.get("/:id", async (context) => {
    const id = context.req.param("id");
    return context.json(known(id, await runs.get(id)));
  });
  app.post("/:id/cancel", async (context) => {
    const id = context.req.param("id");
    return context.json(known(id, await runs.cancel(id)));
  });
  return app;
}

function known(id: string, run: RunStatus | undefined): RunStatus {
  if (run !== undefined) return run;
  throw new SchedulerError(
    "UNKNOWN_RUN",
    `There is no run "${id}". Run \`nightbeam runs\` to list them.`,
  );
}
