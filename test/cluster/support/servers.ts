import { spawnSync } from "node:child_process";
import { redisIsHere } from "@nightbeam/testing";
import { describe } from "vitest";

/**
 * `describe` for tests that start a whole cluster. Without redis-server or nats-server they are left
 * out with a message, except where NIGHTBEAM_REQUIRED=1 makes that a failure.
 */
export function describeClusters(name: string, tests: () => void): void {
  describe.skipIf(!(redisIsHere() && natsIsHere()))(name, tests);
}

function natsIsHere(): boolean {
  const { error } = spawnSync("nats-server", ["--version"], { stdio: "ignore" });
  if (error === undefined) return true;
  if (process.env.NIGHTBEAM_REQUIRED === "1") throw error;
  console.warn("nats-server is not on the PATH: tests of whole clusters are left out");
  return false;
}
