import { ProtocolError } from "../../src/errors.js";

/** The ProtocolError that `action` throws; anything else is thrown on. */
export function refusalOf(action: () => unknown): ProtocolError {
  try {
    action();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** The ProtocolError that a promise is rejected with; anything else is thrown on. */
export async function refusal(promise: Promise<unknown>): Promise<ProtocolError> {
  const error: unknown = await promise.then(
    () => new Error("nothing was thrown"),
    (reason: unknown) => reason,
  );
  if (error instanceof ProtocolError) return error;
  throw error;
}
