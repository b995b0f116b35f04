// `nightbeam verifier` by itself, as a process of its own.
import { verifierCommand } from "../../dist/command/verifier-command.js";

try {
  await verifierCommand().parseAsync(process.argv.slice(2), { from: "user" });
} catch (error) {
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 1;
}
