import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { TlsBytes } from "@nightbeam/service";
import { openStore, parseLocation } from "@nightbeam/store";
import { PublishError } from "../errors.js";
import type { ListStore } from "../list-store.js";
import { fileLists } from "./file-lists.js";

export interface DestinationOptions {
  /** redis://…, rediss://…, postgres://…, s3://bucket/prefix, file:///path, or a path. */
  readonly to: string;
  /** Several kinds of lists can be at one destination under different names. Default: lists. */
  readonly name?: string;
  /** For Redis and PostgreSQL: the authority of the server, and a certificate if it requires one. */
  readonly tls?: TlsBytes | undefined;
}

/** The default of `name`. */
export const DEFAULT_NAME = "lists";

/** What is allowed as `name`: it becomes a part of keys, of names of tables, of paths. */
export const NAME_PATTERN = /^[a-z][a-z0-9_]{0,30}$/;

/**
 * Opens a destination. The client library of the kind is loaded on first use.
 *
 * @throws PublishError BAD_DESTINATION, UNREACHABLE, REFUSED
 */
export async function openDestination(options: DestinationOptions): Promise<ListStore> {
  const { to, name = DEFAULT_NAME, tls } = options;
  if (!NAME_PATTERN.test(name)) {
    throw badDestination(
      `the name "${name}" is not up to 31 small letters, digits and _, a letter first`,
    );
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(to)?.[1]?.toLowerCase();
  if (scheme === "redis" || scheme === "rediss") {
    if (!URL.canParse(to)) throw badDestination("it is not of the form redis://host:port");
    const { openRedisLists } = await import("./redis-lists.js");
    return openRedisLists({ url: to, name, tls });
  }
  if (scheme === "postgres" || scheme === "postgresql") {
    if (!URL.canParse(to))
      throw badDestination("it is not of the form postgres://host:port/database");
    const { openPostgresLists } = await import("./postgres/postgres-lists.js");
    return openPostgresLists({ url: to, name, tls });
  }
  if (scheme !== undefined && scheme !== "s3" && scheme !== "file") {
    throw badDestination(`${scheme}:// is not known`);
  }
  return openFiles(scheme === "file" ? pathOf(to) : to, name);
}

async function openFiles(place: string, name: string): Promise<ListStore> {
  const location = `${place.replace(/\/+$/, "")}/${name}`;
  const store = await openStore(location);
  if (parseLocation(location).kind === "s3") return fileLists({ store });
  const directory = resolve(location);
  // A killed publication may have left temporary files in it, or no folder at all.
  const removeFolder = (folder: string) =>
    rm(join(directory, folder), { recursive: true, force: true });
  return fileLists({ store, removeFolder });
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw badDestination("it is not of the form file:///path", cause);
  }
}

/** The address itself may have a password, so no message shows it. */
function badDestination(problem: string, cause?: unknown): PublishError {
  return new PublishError(
    "BAD_DESTINATION",
    `The destination cannot be used: ${problem}. Give redis://host:port, rediss://host:port, ` +
      "postgres://user@host:port/database, s3://bucket/prefix, or a directory.",
    { cause },
  );
}
