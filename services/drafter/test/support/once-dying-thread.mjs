import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import "../../dist/thread/worker.js";

/** The real decode thread, which dies in the middle of its first shard. */
const mark = join(workerData.scratch, "died");
parentPort.on("message", ({ kind }) => {
  if (kind !== "decode" || existsSync(mark)) return;
  writeFileSync(mark, "");
  setTimeout(() => process.exit(9), 100);
});
