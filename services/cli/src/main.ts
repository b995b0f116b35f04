import { Command, CommanderError } from "commander";
import { benchCommand } from "./commands/bench.js";
import { catalogueCommand } from "./commands/catalogue.js";
import { convertCommand } from "./commands/convert.js";
import { evaluateCommand } from "./commands/evaluate.js";
import { recommendCommand } from "./commands/recommend.js";
import { explain } from "./errors.js";

const program = new Command("nightbeam")
  .description(
    "Exact top-K recommendations from large generative models, at a fraction of the model calls.",
  )
  .showHelpAfterError("(nightbeam <command> --help says more)")
  .exitOverride();
for (const command of [
  recommendCommand(),
  evaluateCommand(),
  benchCommand(),
  catalogueCommand(),
  convertCommand(),
]) {
  program.addCommand(command.copyInheritedSettings(program));
}

try {
  await program.parseAsync();
} catch (error) {
  // Commander has printed its own errors already.
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  }
}
