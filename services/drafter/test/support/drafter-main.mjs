import { drafterCommand } from "@nightbeam/drafter";

/** The command as its process runs it. */
await drafterCommand().parseAsync();
