import { spawnSync } from "node:child_process";
import { redisIsHere } from "@nightbeam/testing";
import { describe } from "vitest";

/**
 * `describe` for tests that start a whole cluster. Without redis-server or nats-server they are
 * skipped with a message, or fail if NIGHTBEAM_REQUIRED=1.
 */
export function describeClusters(name: string, tests: () => void): void {
  describe.skipIf(!(redisIsHere() && natsIsHere()))(name, tests);
}

function natsIsHere(): boolean {
  const { error } = spawnSync("nats-server", ["--version"], { stdio: "ignore" });
  if (error === undefined) return true;
  if (process.env.NIGHTBEAM_REQUIRED === "1") throw error;
  console.warn("nats-server is not on the PATH: tests of whole clusters are skipped");
  return false;
}
