import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { freePort } from "../src/index.js";

const RANGE = "/proc/sys/net/ipv4/ip_local_port_range";

describe("freePort", () => {
  it("finds ports that a server can take", async () => {
    for (let at = 0; at < 20; at++) {
      const port = await freePort();
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject).listen(port, "127.0.0.1", resolve);
      });
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it.skipIf(!existsSync(RANGE))("stays clear of the ports of outgoing connections", async () => {
    const first = Number.parseInt(readFileSync(RANGE, "utf8"), 10);
    const ports = await Promise.all(Array.from({ length: 50 }, freePort));
    if (first > 24_000) expect(Math.max(...ports)).toBeLessThan(first);
    expect(Math.min(...ports)).toBeGreaterThan(10_080);
  });
});
