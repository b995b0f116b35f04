import { randomInt } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

/** Above the ports that fetch refuses, of which 10,080 is the last. */
const LOWEST = 12_000;
const TRIES = 200;

/**
 * A port of 127.0.0.1 that is free now, for a server that keeps it over restarts. The kernel does not give it to
 * outgoing connections, which could take a port of its own choice while the server is down.
 *
 * @throws Error if none of 200 ports is free
 */
export async function freePort(): Promise<number> {
  const end = firstOutgoing();
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(LOWEST, end);
    if (await isFree(port)) return port;
  }
  throw new Error(`none of ${TRIES} ports of 127.0.0.1 from ${LOWEST} to ${end} is free`);
}

/** The first port that the kernel gives to outgoing connections; 60,000 where it gives nearly all. */
function firstOutgoing(): number {
  const first = Number.parseInt(localPortRange(), 10);
  return first > 2 * LOWEST ? first : 60_000;
}

function localPortRange(): string {
  try {
    return readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
  } catch {
    // macOS; Linux has 32,768.
    return "49152";
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
  } catch {
    return false;
  }
  await once(server.close(), "close");
  return true;
}
