import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { createDurably, systemCode, tempPath } from "@nightbeam/store";
import { z } from "zod";
import { RunError } from "../errors.js";

const ownerSchema = z.object({
  pid: z.int(),
  host: z.string(),
  /** When the process started, in kernel ticks: distinguishes it from a later process with its pid. */
  began: z.string().nullable(),
  token: z.string(),
});

type Owner = z.infer<typeof ownerSchema>;

/** A lock held by this process. */
export interface Lock {
  release(): Promise<void>;
}

/** Tries before giving up, in case the lock keeps changing hands. */
const MAX_TRIES = 5;

/**
 * Takes the lock file at `path`, including from a process on this machine that has died. A lock from
 * another machine is never taken over, because its process cannot be checked.
 *
 * @throws RunError RUN_LOCKED; StoreError WRITE_FAILED
 */
export async function takeLock(path: string): Promise<Lock> {
  const own: Owner = {
    pid: process.pid,
    host: hostname(),
    began: processBegan(process.pid),
    token: randomUUID(),
  };
  for (let tries = 0; tries < MAX_TRIES; tries++) {
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
 * Removes a lock whose content is stale. It is moved aside first and read again: if another process
 * has replaced it in the meantime, that lock is put back.
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
    // EPERM: it is alive, and another user's.
    if (systemCode(error) === "ESRCH") return false;
  }
  const began = processBegan(owner.pid);
  return began === null || owner.began === null || began === owner.began;
}

/** Restarted containers reuse pids, so a pid alone does not identify a process. */
function processBegan(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses, which may contain spaces; the 22nd is the start.
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
    `The run is in use by ${who}. Wait for it or stop it; if it no longer runs, ` +
      `remove ${path} and start again.`,
  );
}
