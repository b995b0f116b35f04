import { createInterface } from "node:readline";
import { places } from "./places.mjs";
import { start } from "./run.mjs";

/** Milliseconds that a call costs besides its rows, on hardware where calls are dear. */
const DEAR = [
  [5, "a model of 7 B parameters on a GPU: each call reads all weights"],
  [25, "a verifier in another data centre: each call crosses the network"],
  [100, "a hosted model, over the internet"],
];

/**
 * The cost of a call on this machine, as a verifier measures it when it starts: `callMs`, and `tokenMs` per row.
 * Undefined if it could not be measured.
 */
export async function measuredLine() {
  const args = ["--target", places.target, "--catalogue", places.catalogue];
  const verifier = start(["verifier", ...args, "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, NIGHTBEAM_LOG_FORMAT: "json" },
  });
  try {
    for await (const line of createInterface({ input: verifier.stderr })) {
      const { tokenMs, callMs } = line.startsWith("{") ? JSON.parse(line) : {};
      if (tokenMs !== undefined) return { tokenMs, callMs };
    }
    return undefined;
  } finally {
    verifier.kill();
  }
}

/**
 * Prints what the same lists cost with plain search and with the draft where calls are dear.
 *
 * @param runs the manifests of both
 */
export function printCost({ drafted, plain }, line) {
  const { users } = plain;
  const seconds = ({ stats }, callMs) =>
    (stats.targetCalls * callMs + stats.tokens * line.tokenMs) / 1000;
  const cell = (value) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} s`.padStart(9);
  console.log(
    `Computed, not measured, from the calls and rows of both runs, one user per call, and ${(line.tokenMs * 1000).toFixed(0)} ms\n` +
      `per 1,000 rows as measured here. Time for the calls of ${users.toLocaleString("en")} users:\n\n` +
      "  a call costs      plain    drafted\n" +
      [[line.callMs, "this processor"], ...DEAR]
        .map(([ms, where]) => {
          const [before, now] = [seconds(plain, ms), seconds(drafted, ms)];
          const times = `${(before / now).toFixed(1)}×`;
          return `  ${`${ms < 1 ? ms.toFixed(1) : ms.toFixed(0)} ms`.padEnd(10)} ${cell(before)}  ${cell(now)}  ${times.padStart(5)}  ${where}`;
        })
        .join("\n"),
  );
}
