import { parentPort, workerData } from "node:worker_threads";

/** Implements the decode thread's messages; the run's name decides what it does with a shard. */
const send = (message) => parentPort.postMessage(message);
const told = new Map();
let verifiers = workerData.verifiers;

parentPort.on("message", (message) => {
  switch (message.kind) {
    case "decode": {
      const { id, order } = message;
      const progress = { users: 1, searches: 1, calls: 2, nodes: 3 };
      if (order.runId === "dies") throw new Error("out of luck");
      if (order.runId === "exits") process.exit(3);
      if (order.runId === "freezes") for (;;);
      send({ kind: "progress", id, progress });
      told.set(id, order.runId);
      if (order.runId === "fails")
        send({ kind: "failed", id, failure: { blame: "shard", code: "X", message: "bad luck" } });
      if (order.runId === "writes") {
        send({ kind: "waiting", id, reason: "the store is full" });
        send({
          kind: "written",
          id,
          written: { verifiers: verifiers.map((one) => one.address), index: order.index },
        });
      }
      break;
    }
    case "abort":
      send({ kind: "log", level: "info", fields: {}, message: `stops ${told.get(message.id)}` });
      send({
        kind: "failed",
        id: message.id,
        failure: { blame: "stopped", code: "ABORTED", message: "stopped" },
      });
      break;
    case "verifiers":
      verifiers = message.endpoints;
      break;
    case "close":
      send({ kind: "closed" });
      parentPort.close();
      break;
  }
});
