import { ShopError } from "../errors.js";

/** Prints a command's lines, or its error; sets the exit code: 2 for bad options. */
export async function runCommand(
  command: (args: readonly string[]) => Promise<string[]>,
): Promise<void> {
  try {
    for (const line of await command(process.argv.slice(2))) console.log(line);
  } catch (error) {
    process.exitCode = error instanceof ShopError ? 2 : 1;
    console.error(explain(error));
  }
}

function explain(error: unknown): string {
  if (error instanceof ShopError) return `error: ${error.message}`;
  // From the operating system; the message names the path.
  if (error instanceof Error && "syscall" in error) {
    return `error: ${error.message}. Check the path, your permissions and the free disk space.`;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `error: this should not have happened; please report it with what follows\n${stack}`;
}
