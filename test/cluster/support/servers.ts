import { natsIsHere, redisIsHere } from "@nightbeam/testing/servers";
import { describe } from "vitest";

/**
 * `describe` for tests that start a whole cluster. Without redis-server or nats-server they are
 * skipped with a message, or fail if NIGHTBEAM_REQUIRED=1.
 */
export function describeClusters(name: string, tests: () => void): void {
  describe.skipIf(!(redisIsHere() && natsIsHere()))(name, tests);
}
