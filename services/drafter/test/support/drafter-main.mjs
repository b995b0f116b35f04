import { drafterCommand } from "../../dist/command/drafter-command.js";

/** The command as its process runs it. */
await drafterCommand().parseAsync();
