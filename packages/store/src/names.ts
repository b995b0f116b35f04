import { StoreError } from "./errors.js";

/** A part between slashes. It starts with no dot: neither ".." nor a temporary name. */
const PART = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/** @throws StoreError BAD_NAME if a name points outside its store, or differs between stores */
export function assertName(name: string): void {
  if (name.split("/").every((part) => PART.test(part))) return;
  throw badName(name);
}

/** A prefix is the start of a name. @throws StoreError BAD_NAME */
export function assertPrefix(prefix: string): void {
  const parts = prefix.split("/");
  const last = parts.pop() ?? "";
  if (parts.every((part) => PART.test(part)) && (last === "" || PART.test(last))) return;
  throw badName(prefix);
}

function badName(name: string): StoreError {
  return new StoreError(
    "BAD_NAME",
    `"${name}" is not a valid file name in a store. Use letters, digits, dots, dashes and ` +
      'underscores, with "/" between parts; no part starts with a dot.',
  );
}
