import { print, printError } from "@nightbeam/service/terminal";
import { Command, CommanderError } from "commander";
import { GROUPS } from "./commands/registry.js";
import { explain } from "./errors.js";

const program = new Command("nightbeam")
  .description(
    "Exact top-K recommendations from large generative models, at a fraction of the model calls.",
  )
  .option("-V, --version", "print the version")
  // `bench` and `bench cluster` both have --target: options after a command belong to that command.
  .enablePositionalOptions()
  .showHelpAfterError("(run nightbeam <command> --help for details)")
  // What is typed may have been pasted.
  .configureOutput({ writeOut: print, writeErr: printError })
  .exitOverride();

try {
  // `nightbeam NAME …` or `nightbeam help NAME`: only that command is loaded.
  const typed = process.argv.slice(2, 4);
  for (const { heading, commands } of GROUPS) {
    for (const { name, description, load } of commands) {
      const command = typed.includes(name)
        ? await load()
        : new Command(name).description(description).usage("[options]");
      program.addCommand(command.copyInheritedSettings(program).helpGroup(heading));
    }
  }
  if (typed[0] === "-V" || typed[0] === "--version") {
    const { readVersion } = await import("@nightbeam/service");
    const version = await readVersion(new URL("../package.json", import.meta.url));
    print(`${version}\n`);
  } else await program.parseAsync();
} catch (error) {
  // Commander has printed its own errors already.
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else {
    const { withFlags } = await import("./options/key-flags.js");
    printError(`${withFlags(explain(error))}\n`);
    process.exitCode = 1;
  }
}
