import { StoreError } from "./errors.js";

/** Parts between slashes that begin with no dot: not "..", and not a private file's. */
const PART = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/** @throws StoreError BAD_NAME where a name could leave its store, or means different files in two */
export function assertName(name: string): void {
  if (name.split("/").every((part) => PART.test(part))) return;
  throw badName(name);
}

/** A prefix is a name whose last part is not finished. @throws StoreError BAD_NAME */
export function assertPrefix(prefix: string): void {
  const parts = prefix.split("/");
  const last = parts.pop() ?? "";
  if (parts.every((part) => PART.test(part)) && (last === "" || PART.test(last))) return;
  throw badName(prefix);
}

function badName(name: string): StoreError {
  return new StoreError(
    "BAD_NAME",
    `"${name}" cannot name a file of a store. Use letters, digits, dots, dashes and underscores, ` +
      'with "/" between parts, none of which begins with a dot.',
  );
}
