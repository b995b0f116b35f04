import type { TargetProgram } from "@nightbeam/decoding";
import type { Tracing } from "@nightbeam/telemetry";
import type { Pass } from "../batching/micro-batcher.js";

/**
 * Adds the spans of a pass that has just ended: the batch, from the arrival of its first traced call on, and in it the
 * pass. They belong to the first call and are linked to the others.
 */
export function tracePass(
  tracing: Tracing,
  { program, pass }: { program: TargetProgram; pass: Pass & { readonly lane: number } },
): void {
  const { traced, calls, tokens, lane, milliseconds } = pass;
  const [first] = traced;
  if (first === undefined) return;
  const to = Date.now();
  const passFrom = to - milliseconds;
  const waitedMs = Math.max(...traced.map((call) => call.waitedMs));
  const links = traced.slice(1).map(({ traceparent }) => traceparent);
  const batch = tracing.reserve(first.traceparent);
  const attributes = {
    ...{ "nightbeam.program": program, "nightbeam.lane": lane },
    ...{ "nightbeam.calls": calls, "nightbeam.rows": tokens },
  };
  tracing.record("verifier batch", {
    ...{ parent: first.traceparent, links, attributes, to },
    from: passFrom - waitedMs,
    ...(batch === undefined ? {} : { traceparent: batch }),
  });
  tracing.record("model pass", { parent: batch, links, attributes, from: passFrom, to });
}
