/**
 * Errors that are about the user's files, options and servers: their message is all that a person
 * needs. They are known by their names: importing the packages would load all of their libraries.
 */
const EXPECTED: ReadonlySet<string> = new Set([
  "UsageError",
  "CatalogueError",
  "ClusterError",
  "ControlError",
  "DatasetError",
  "DecodingError",
  "DrafterError",
  "ModelError",
  "ProtocolError",
  "QueueError",
  "RecommendError",
  "RunError",
  "SchedulerError",
  "SettingsError",
  "StoreError",
  "VerifierError",
]);

/** How an error is told on the terminal: expected ones by their message, others with their stack. */
export function explain(error: unknown): string {
  if (isExpected(error)) return `error: ${error.message}`;
  // From the operating system, about a path that the message names.
  if (error instanceof Error && "syscall" in error)
    return `error: ${error.message}. Check the path, this user's rights and the room on the disk.`;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `error: this should not have happened; please report it with what follows\n${stack}`;
}

/** Each package has one error class, whose codes are words. */
function isExpected(error: unknown): error is Error {
  const hasCode = error instanceof Error && "code" in error && typeof error.code === "string";
  return hasCode && EXPECTED.has(error.name);
}
