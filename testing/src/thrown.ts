/** An error with a code, as the packages throw it. */
export type CodedError = Error & { readonly code: string };

/** Runs `action` and returns what it throws. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

/** Runs `action` and returns the coded error that it throws; other errors are rethrown. */
export function refusalOf(action: () => unknown): CodedError {
  return asCoded(thrownBy(action));
}

/** Waits for `promise` to reject and returns the coded error; other errors are rethrown. */
export async function refusal(promise: Promise<unknown>): Promise<CodedError> {
  const error: unknown = await promise.then(
    () => new Error("nothing was thrown"),
    (reason: unknown) => reason,
  );
  return asCoded(error);
}

/** By its fields, not its class: the built package has a class of its own. */
function asCoded(error: unknown): CodedError {
  if (isCoded(error)) return error;
  throw error;
}

function isCoded(error: unknown): error is CodedError {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}
