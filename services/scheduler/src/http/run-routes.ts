import type { PruneReport, RunEstimate, RunStatus, StartedRun } from "@nightbeam/api";
import {
  type PruneBody,
  priorityBodySchema,
  pruneBodySchema,
  redoBodySchema,
  type Submission,
  type Treatment,
} from "@nightbeam/api";
import { Hono } from "hono";
import { SchedulerError } from "../errors.js";
import type { RunControls } from "../runs/run-control.js";
import { nameIn, readBody } from "./body.js";
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
  /** What a run would take. */
  readonly estimate: (submission: Submission, treatment: Treatment) => Promise<RunEstimate>;
  readonly controls: RunControls;
  readonly prune: (body: PruneBody) => Promise<PruneReport>;
}

export function runRoutes({ runs, estimate, controls, prune }: RunServices): Hono {
  const app = new Hono();
  app.post("/", async (context) => {
    const { submission, treatment } = await readSubmission(context);
    const started = await runs.submit(submission, treatment);
    return context.json(started, started.outcome === "created" ? 201 : 200);
  });
  app.post("/estimate", async (context) => {
    const { submission, treatment } = await readSubmission(context);
    return context.json(await estimate(submission, treatment));
  });
  app.get("/", async (context) => context.json({ runs: await runs.list() }));
  app.post("/prune", async (context) => {
    return context.json(await prune(await readBody(context, pruneBodySchema)));
  });
  app.get("/:id", async (context) => {
    const id = nameIn(context, "id");
    return context.json(known(id, await runs.get(id)));
  });
  for (const action of ["cancel", "pause", "resume", "retry"] as const) {
    app.post(`/:id/${action}`, async (context) => {
      const id = nameIn(context, "id");
      return context.json(known(id, await controls[action](id)));
    });
  }
  app.post("/:id/redo", async (context) => {
    const id = nameIn(context, "id");
    return context.json(
      known(id, await controls.redo(id, await readBody(context, redoBodySchema))),
    );
  });
  app.put("/:id/priority", async (context) => {
    const id = nameIn(context, "id");
    const { priority } = await readBody(context, priorityBodySchema);
    return context.json(known(id, await controls.prioritize(id, priority)));
  });
  return app;
}

/** @throws SchedulerError UNKNOWN_RUN */
export function known<Run>(id: string, run: Run | undefined): Run {
  if (run !== undefined) return run;
  throw new SchedulerError(
    "UNKNOWN_RUN",
    `There is no run "${id}". Run \`nightbeam runs\` to list them.`,
  );
}
