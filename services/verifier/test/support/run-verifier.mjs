// `nightbeam verifier` by itself, as a process of its own.
import { verifierCommand } from "@nightbeam/verifier";

try {
  await verifierCommand().parseAsync(process.argv.slice(2), { from: "user" });
} catch (error) {
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 1;
}
