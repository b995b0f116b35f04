import { ModelError } from "@nightbeam/model";

/** What a promise was rejected with: code and message of a ModelError; anything else is thrown on. */
export async function refusal(
  promise: Promise<unknown>,
): Promise<{ code: string; message: string }> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) throw new Error("nothing was refused");
  // By name as well: a file of the package that a test imports has a class of its own.
  if (error instanceof ModelError || (error instanceof Error && error.name === "ModelError")) {
    return { code: "code" in error ? String(error.code) : "", message: error.message };
  }
  throw error;
}
