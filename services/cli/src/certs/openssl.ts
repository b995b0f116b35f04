import { execFileSync } from "node:child_process";
import { UsageError } from "@nightbeam/service";
import { codeOf } from "@nightbeam/service/log";

/** Runs openssl, which Node cannot replace: it signs no certificates. @throws UsageError BAD_OPTION */
export function openssl(args: readonly string[]): void {
  try {
    execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"], timeout: 30_000 });
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") {
      throw new UsageError(
        "BAD_OPTION",
        "openssl is not installed. On Debian and Ubuntu: sudo apt-get install openssl.",
        { cause },
      );
    }
    const said = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : "";
    throw new UsageError("BAD_OPTION", `openssl ${args[0]} failed: ${said.split("\n").at(-1)}`, {
      cause,
    });
  }
}
