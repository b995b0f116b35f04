import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { TrustBook } from "@nightbeam/protocol";
import { systemClock } from "@nightbeam/service";
import { loggedClosers } from "@nightbeam/service/lifecycle";
import type { Log } from "@nightbeam/service/log";
import { noMetrics, openRelay, openTracing } from "@nightbeam/telemetry";
import { AnsweredShards } from "../answers/answered-shards.js";
import { decodeOrder } from "../decode/decode-order.js";
import { NodeTime } from "../decode/node-time.js";
import type { RunContext } from "../decode/open-run-context.js";
import { RunContexts } from "../decode/run-contexts.js";
import { DrafterError } from "../errors.js";
import { failureOf } from "./failure.js";
import type { FromThread, ShardOrder, ShardProgress, ThreadSetup, ToThread } from "./messages.js";
import { MirroredDirectory } from "./mirrored-directory.js";

/** Run contexts that are kept open between shards. */
const MAX_RUNS = 2;

/** The decode thread. It may block for long: locks are renewed by the main thread. */
async function serve(port: MessagePort, setup: ThreadSetup): Promise<void> {
  const send = (message: FromThread) => port.postMessage(message);
  const verifiers = new MirroredDirectory(setup.verifiers);
  const log = logTo(send, {});
  const relay = setup.records
    ? openRelay({ send: (recorded) => send({ kind: "recorded", recorded }) })
    : undefined;
  const recorder = relay ?? noMetrics;
  const closers = loggedClosers(log);
  const tracing = await openTracing({
    ...{ service: "drafter", version: setup.node.version, node: setup.node.name },
    ...{ log, closers },
  });
  const answered = new AnsweredShards();
  const trust = new TrustBook({
    onDistrust: (distrust) =>
      send({ kind: "distrust", distrust: { ...distrust, message: answered.explain(distrust) } }),
  });
  const contexts = new RunContexts<RunContext>({
    max: MAX_RUNS,
    idleMs: setup.idleMs,
    clock: systemClock,
  });
  const underWay = new Map<number, { controller: AbortController; ended: Promise<void> }>();

  const nodeTime = new NodeTime(() => performance.now());

  const decode = async (id: number, order: ShardOrder, signal: AbortSignal): Promise<void> => {
    const ownTime = nodeTime.start();
    try {
      const onProgress = throttled<ShardProgress>((progress) =>
        send({ kind: "progress", id, progress }),
      );
      const onWait = (reason: string) => send({ kind: "waiting", id, reason });
      const job = {
        ...{ contexts, setup, verifiers, trust, ownTime, recorder, tracing, log, signal },
        ...{ onProgress, onWait },
      };
      const parent = order.traceparent;
      const written = await tracing.within("decode", { parent }, () => decodeOrder(order, job));
      answered.add(order, written.verifiers ?? []);
      // Before the shard ends, so that its figures are complete when it is committed.
      relay?.flush();
      send({ kind: "written", id, written });
    } catch (error) {
      send({ kind: "failed", id, failure: failureOf(error, signal) });
    } finally {
      ownTime.end();
      underWay.delete(id);
    }
  };
  const abort = (id: number) => {
    underWay.get(id)?.controller.abort(new DrafterError("ABORTED", "the shard was stopped"));
  };
  const close = async () => {
    for (const id of underWay.keys()) abort(id);
    await Promise.all([...underWay.values()].map(({ ended }) => ended));
    await contexts.close();
    relay?.flush();
    await closers.close();
    send({ kind: "closed" });
    port.close();
  };

  port.on("message", (message: ToThread) => {
    switch (message.kind) {
      case "decode": {
        const controller = new AbortController();
        // Starts in a microtask, after it was added to `underWay`.
        const ended = Promise.resolve().then(() =>
          decode(message.id, message.order, controller.signal),
        );
        underWay.set(message.id, { controller, ended });
        break;
      }
      case "abort":
        abort(message.id);
        break;
      case "verifiers":
        verifiers.update(message.endpoints);
        break;
      case "close":
        void close();
        break;
      default:
        message satisfies never;
    }
  });
}

/** Drops values that follow the last one within 200 ms: progress is only for display. */
function throttled<Value>(report: (value: Value) => void): (value: Value) => void {
  let lastReportedAt = Number.NEGATIVE_INFINITY;
  return (value) => {
    const now = performance.now();
    if (now - lastReportedAt < 200) return;
    lastReportedAt = now;
    report(value);
  };
}

/** A log whose lines the main thread writes. */
function logTo(send: (message: FromThread) => void, fields: object): Log {
  const at = (level: "debug" | "info" | "warn" | "error") => (more: object, message: string) =>
    send({ kind: "log", level, fields: { ...fields, ...more }, message });
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (more) => logTo(send, { ...fields, ...more }),
  };
}

if (parentPort !== null) await serve(parentPort, workerData);
