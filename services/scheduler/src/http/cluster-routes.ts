import type { Alarm, Nodes, RolloutList, RolloutRequest, RolloutStatus } from "@nightbeam/api";
import { rolloutBodySchema } from "@nightbeam/api";
import { Hono } from "hono";
import { nameIn, readBody } from "./body.js";

/** The services behind the routes of rollouts, alarms and nodes. */
export interface ClusterServices {
  readonly rollouts: {
    set(name: string, rollout: RolloutRequest): Promise<RolloutStatus>;
    list(): Promise<RolloutList>;
  };
  readonly alarms: {
    list(): Promise<readonly Alarm[]>;
    clear(): Promise<void>;
  };
  readonly nodes: () => Nodes;
  /** Asks a node to finish its work and exit. */
  readonly drain: (id: string) => Promise<void>;
}

export function clusterRoutes({ rollouts, alarms, nodes, drain }: ClusterServices): Hono {
  const app = new Hono();
  app.get("/rollouts", async (context) => context.json(await rollouts.list()));
  app.put("/rollouts/:name", async (context) => {
    const name = nameIn(context, "name");
    return context.json(await rollouts.set(name, await readBody(context, rolloutBodySchema)));
  });
  app.get("/alarms", async (context) => context.json({ alarms: await alarms.list() }));
  app.delete("/alarms", async (context) => {
    await alarms.clear();
    return context.body(null, 204);
  });
  app.get("/nodes", (context) => context.json(nodes()));
  app.post("/nodes/:name/drain", async (context) => {
    await drain(context.req.param("name"));
    return context.body(null, 204);
  });
  return app;
}
