import { type Context, Hono } from "hono";
import type { RunStatus, StartedRun } from "../api/answers.js";
import { priorityBodySchema, runIdParam, type Submission, type Treatment } from "../api/request.js";
import { SchedulerError } from "../errors.js";
import type { RunControls } from "../runs/run-control.js";
import { checked, readBody } from "./body.js";
import { readSubmission } from "./submission.js";

/** The services behind the routes of runs. */
export interface RunServices {
  readonly runs: {
    /** Registers a run, or resumes the existing one. */
    submit(submission: Submission, treatment: Treatment): Promise<StartedRun>;
    list(): Promise<readonly RunStatus[]>;
    /** Undefined for an unknown run. */
    get(runId: string): Promise<RunStatus | undefined>;
  };
  readonly controls: RunControls;
}

export function runRoutes({ runs, controls }: RunServices): Hono {
  const app = new Hono();
  app.post("/", async (context) => {
    const { submission, treatment } = await readSubmission(context);
    const started = await runs.submit(submission, treatment);
    return context.json(started, started.outcome === "created" ? 201 : 200);
  });
  app.get("/", async (context) => context.json({ runs: await runs.list() }));
  app.get("/:id", async (context) => {
    const id = idOf(context);
    return context.json(known(id, await runs.get(id)));
  });
  for (const action of ["cancel", "pause", "resume", "retry"] as const) {
    app.post(`/:id/${action}`, async (context) => {
      const id = idOf(context);
      return context.json(known(id, await controls[action](id)));
    });
  }
  app.put("/:id/priority", async (context) => {
    const id = idOf(context);
    const { priority } = await readBody(context, priorityBodySchema);
    return context.json(known(id, await controls.prioritize(id, priority)));
  });
  return app;
}

/** @throws SchedulerError BAD_REQUEST if no run can have this id */
function idOf(context: Context): string {
  return checked(runIdParam, context.req.param("id"));
}

function known(id: string, run: RunStatus | undefined): RunStatus {
  if (run !== undefined) return run;
  throw new SchedulerError(
    "UNKNOWN_RUN",
    `There is no run "${id}". Run \`nightbeam runs\` to list them.`,
  );
}
