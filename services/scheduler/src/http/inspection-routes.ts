import { excerpt } from "@nightbeam/catalogue";
import { Hono } from "hono";
import { z } from "zod";
import type { Access } from "../access/identity.js";
import { identify } from "../access/identity.js";
import { SchedulerError } from "../errors.js";
import { eventStream } from "../page/event-stream.js";
import type { LiveFeed } from "../page/live-feed.js";
import type { RunInspection } from "../page/run-inspection.js";
import { checked, nameIn } from "./body.js";
import { known } from "./run-routes.js";

/** The services behind the routes that the page reads. */
export interface InspectionServices {
  readonly inspection: RunInspection;
  readonly feed: LiveFeed;
}

const shardSchema = z.string().regex(/^\d{1,9}$/, "write the number of a shard");

/** Shards, figures over time and rejected rows of a run. */
export function inspectionRoutes({ inspection }: InspectionServices): Hono {
  const app = new Hono();
  app.get("/:id/shards", async (context) => {
    const id = nameIn(context, "id");
    return context.json(known(id, await inspection.shardMap(id)));
  });
  app.get("/:id/shards/:index", async (context) => {
    const id = nameIn(context, "id");
    const index = Number(checked(shardSchema, context.req.param("index")));
    const shard = await inspection.shard(id, index);
    if (shard !== undefined) return context.json(shard);
    throw new SchedulerError("UNKNOWN_SHARD", `Run ${id} has no shard ${index}.`);
  });
  app.get("/:id/series", async (context) => {
    const id = nameIn(context, "id");
    return context.json(known(id, await inspection.series(id)));
  });
  app.get("/:id/rejects", async (context) => {
    const id = nameIn(context, "id");
    return context.json(known(id, await inspection.rejects(id)));
  });
  app.get("/:id/user", async (context) => {
    const id = nameIn(context, "id");
    const user = checked(userSchema, context.req.query("user"));
    const answer = await inspection.user(id, user);
    if (answer !== undefined) return context.json(answer);
    throw new SchedulerError(
      "UNKNOWN_USER",
      `Run ${id} has no list of user ${excerpt(user)}: its shard is not committed yet, its row was rejected, or there is no such user.`,
    );
  });
  return app;
}

const userSchema = z.string({ error: "write the user, as ?user=u17" }).min(1).max(1_000);
const runSchema = z.string().max(100).optional();

/** `GET /v1/events`, with `?run=ID` for the shards of a run as well. */
export function eventRoutes(
  { feed }: InspectionServices,
  { access, page }: { readonly access: Access; readonly page: string },
): Hono {
  const app = new Hono();
  app.get("/events", (context) => {
    const runId = checked(runSchema, context.req.query("run"));
    const mayRead = async () => (await identify(context, access)) !== undefined;
    return eventStream(context, { feed, runId, page, mayRead });
  });
  return app;
}
