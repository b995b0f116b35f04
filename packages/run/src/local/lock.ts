import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { systemCode } from "@nightbeam/dataset";
import { createDurably, tempPath } from "@nightbeam/store";
import { z } from "zod";
import { RunError } from "../errors.js";

const ownerSchema = z.object({
  pid: z.int(),
  host: z.string(),
  /** When the process began, in the kernel's ticks; tells a process from a later one of its number. */
  began: z.string().nullable(),
  token: z.string(),
});

type Owner = z.infer<typeof ownerSchema>;

/** A lock that is held. */
export interface Lock {
  release(): Promise<void>;
}

/** Tries before giving up, should the lock keep changing hands meanwhile. */
const TRIES = 5;

/**
 * Takes the lock file at `path`, also from a process that has died. Holds among processes of one
 * machine; another machine's lock is never taken over, as its process cannot be asked.
 *
 * @throws RunError RUN_LOCKED, WRITE_FAILED
 */
export async function takeLock(path: string): Promise<Lock> {
  const own: Owner = {
    pid: process.pid,
    host: hostname(),
    began: processBegan(process.pid),
    token: randomUUID(),
  };
  for (let tries = 0; tries < TRIES; tries++) {
    if (await createDurably(path, JSON.stringify(own)))
      return { release: () => release(path, own) };
    const text = await textOf(path);
    if (text === undefined) continue;
    const owner = ownerOf(text);
    if (owner === undefined || isAlive(owner)) throw locked(path, owner);
    await removeStale(path, text);
  }
  throw locked(path, undefined);
}

async function release(path: string, own: Owner): Promise<void> {
  const text = await textOf(path);
  if (text !== undefined && ownerOf(text)?.token === own.token) await rm(path, { force: true });
}

/**
 * Removes the lock whose content was found stale. It is moved aside first and looked at again: had
 * another process meanwhile put its own lock there, that one is put back.
 */
async function removeStale(path: string, stale: string): Promise<void> {
  const aside = tempPath(path);
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  const moved = await textOf(aside);
  if (moved !== undefined && moved !== stale) await createDurably(path, moved);
  await rm(aside, { force: true });
}

function isAlive(owner: Owner): boolean {
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives, and is another user's.
    if (systemCode(error) === "ESRCH") return false;
  }
  const began = processBegan(owner.pid);
  return began === null || owner.began === null || began === owner.began;
}

/** Restarted containers hand out the same numbers again, so a number alone does not name a process. */
function processBegan(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in brackets and may hold spaces; the 22nd is the start.
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function ownerOf(text: string): Owner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function locked(path: string, owner: Owner | undefined): RunError {
  const who = owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}`;
  return new RunError(
    "RUN_LOCKED",
    `The run is being worked on by ${who}. Wait for it or stop it; if it no longer runs, ` +
      `remove ${path} and start again.`,
  );
}
