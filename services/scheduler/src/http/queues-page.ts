import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { HonoAdapter } from "@bull-board/hono";
import { serveStatic } from "@hono/node-server/serve-static";
import type { JobQueues } from "@nightbeam/queue";
import { Hono } from "hono";
import { SchedulerError } from "../errors.js";
import { QUEUES_PATH } from "./queues-path.js";

/** The page's styles are partly written into its elements; everything else comes from this server. */
const POLICY = [
  "default-src 'none'",
  ...["script-src", "connect-src", "font-src", "manifest-src", "base-uri"].map(
    (name) => `${name} 'self'`,
  ),
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Bull-board's page asks Google for its fonts; without them, those of the system are used. */
const FOREIGN_STYLES = /<link\b[^>]*\bhref="https?:[^>]*>\s*/g;

/**
 * bull-board, a page of BullMQ's queues and jobs, read-only: nothing but GET and HEAD is answered. Without access control,
 * which the caller adds.
 */
export function queuesPage({ shards, finishes, nights }: JobQueues): Hono {
  const adapter = new HonoAdapter(serveStatic);
  adapter.setBasePath(QUEUES_PATH);
  createBullBoard({
    queues: [shards, finishes, nights].map((queue) => {
      return new BullMQAdapter(queue, { readOnlyMode: true });
    }),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: "Nightbeam's queues" } },
  });
  const app = new Hono();
  app.use("*", async (context, next) => {
    const { method } = context.req;
    if (method !== "GET" && method !== "HEAD") {
      throw new SchedulerError(
        "FORBIDDEN",
        "The page of the queues is read-only. `nightbeam pause`, `cancel`, `retry` and `redo` change runs.",
      );
    }
    await next();
    context.header("content-security-policy", POLICY);
    context.header("referrer-policy", "no-referrer");
    const { res } = context;
    if (!res.headers.get("content-type")?.startsWith("text/html")) return;
    context.res = new Response((await res.text()).replace(FOREIGN_STYLES, ""), res);
  });
  app.route("/", adapter.registerPlugin());
  return app;
}
