import { createInterface } from "node:readline";
import { places } from "./places.mjs";
import { start } from "./run.mjs";

/**
 * The cost of a call where calls are dear: `callMs`, and `tokenMs` per row. Without `tokenMs`, that of this machine. Of
 * the H200, a call of one user with 30 prefixes in docs/results/gpu.md; up to some 600 rows, rows cost nothing there.
 */
const DEAR = [
  { callMs: 25, where: "a verifier in another data centre (assumed)" },
  { callMs: 26, tokenMs: 0, where: "7 B weights on an NVIDIA H200 (measured)" },
  { callMs: 100, where: "a hosted model, over the internet (assumed)" },
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
  const seconds = ({ stats }, { callMs, tokenMs = line.tokenMs }) =>
    (stats.targetCalls * callMs + stats.tokens * tokenMs) / 1000;
  const cell = (value) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} s`.padStart(9);
  console.log(
    `Computed from the calls and rows of both runs, one user per call. Time for the calls of ${users.toLocaleString("en")} users:\n\n` +
      "  a call costs      plain    drafted\n" +
      [{ ...line, where: "this processor (measured now)" }, ...DEAR]
        .map((place) => {
          const { callMs: ms, where } = place;
          const [before, now] = [seconds(plain, place), seconds(drafted, place)];
          const times = `${(before / now).toFixed(1)}×`;
          return `  ${`${ms < 1 ? ms.toFixed(1) : ms.toFixed(0)} ms`.padEnd(10)} ${cell(before)}  ${cell(now)}  ${times.padStart(5)}  ${where}`;
        })
        .join("\n") +
      "\n\nWhole searches of one run each, without a draft, take the H200 58 ms a user alone and 3.6 ms in batches of 64:\n" +
      "docs/results/gpu.md.",
  );
}
