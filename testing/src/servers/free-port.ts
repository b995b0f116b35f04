import { mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort as portFreeNow } from "@nightbeam/service";

const CLAIMS = join(tmpdir(), "nightbeam-test-ports");
let isFirst = true;

/** A free port of 127.0.0.1 that no other test gets before this process ends, also while no server listens on it. */
export async function freePort(): Promise<number> {
  if (isFirst) removeOldClaims();
  isFirst = false;
  for (;;) {
    const port = await portFreeNow();
    if (claim(port)) return port;
  }
}

function claim(port: number): boolean {
  const file = join(CLAIMS, String(port));
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
  return true;
}

/** Removes the claims of processes that have ended. */
function removeOldClaims(): void {
  mkdirSync(CLAIMS, { recursive: true });
  for (const name of readdirSync(CLAIMS)) {
    const file = join(CLAIMS, name);
    try {
      if (!isRunning(Number(readFileSync(file, "utf8")))) unlinkSync(file);
    } catch {
      // Another process removed it first.
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
