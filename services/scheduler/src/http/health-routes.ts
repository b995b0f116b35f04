import { Hono } from "hono";
import type { Readiness } from "../readiness.js";

/** For probes, without a token, with the answers that drafters and verifiers give as well. */
export function healthRoutes({ readiness }: { readonly readiness: Readiness }): Hono {
  const app = new Hono();
  // That it is answered shows that the process lives and its event loop turns.
  app.get("/healthz", (context) => context.json({ status: "ok" }));
  app.get("/readyz", async (context) => {
    const reasons = await readiness();
    if (reasons.length === 0) return context.json({ status: "ready" });
    return context.json({ status: "not ready", reasons }, 503);
  });
  return app;
}
