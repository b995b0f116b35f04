import type { NightList, NightStatus } from "@nightbeam/api";
import { nightBodySchema } from "@nightbeam/api";
import { Hono } from "hono";
import type { z } from "zod";
import { SchedulerError } from "../errors.js";
import { nameIn, readBody } from "./body.js";

/** A night with all defaults. */
export type NightRequest = Readonly<z.output<typeof nightBodySchema>>;

/** The services behind the routes of nights. */
export interface NightServices {
  readonly nights: {
    put(name: string, night: NightRequest): Promise<NightStatus>;
    list(): Promise<NightList>;
    /** Returns false if there is no such night. */
    remove(name: string): Promise<boolean>;
  };
}

export function nightRoutes({ nights }: NightServices): Hono {
  const app = new Hono();
  app.get("/nights", async (context) => context.json(await nights.list()));
  app.put("/nights/:name", async (context) => {
    const name = nameIn(context, "name");
    return context.json(await nights.put(name, await readBody(context, nightBodySchema)));
  });
  app.delete("/nights/:name", async (context) => {
    const name = nameIn(context, "name");
    if (await nights.remove(name)) return context.body(null, 204);
    throw new SchedulerError(
      "UNKNOWN_NIGHT",
      `There is no night "${name}". Run \`nightbeam nights\` to list them.`,
    );
  });
  return app;
}
