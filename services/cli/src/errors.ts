/**
 * Errors about the user's files, options and servers, for which the message is enough. Matched by name, because
 * importing their packages would load all of their libraries.
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

/** The text of an error on the terminal: expected ones without a stack, others with it. */
export function explain(error: unknown): string {
  if (isExpected(error)) return `error: ${error.message}`;
  // An error of the operating system, about a path in the message.
  if (error instanceof Error && "syscall" in error)
    return `error: ${error.message}. Check the path, this user's permissions and the free space on the disk.`;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `error: this is a bug; please report it with the following text\n${stack}`;
}

/** The error classes of our packages have codes that are words. */
function isExpected(error: unknown): error is Error {
  const hasCode = error instanceof Error && "code" in error && typeof error.code === "string";
  return hasCode && EXPECTED.has(error.name);
}
