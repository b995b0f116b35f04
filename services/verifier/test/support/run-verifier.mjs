// `nightbeam verifier` as a separate process.
import { verifierCommand } from "@nightbeam/verifier";

try {
  await verifierCommand().parseAsync(process.argv.slice(2), { from: "user" });
} catch (error) {
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 1;
}
