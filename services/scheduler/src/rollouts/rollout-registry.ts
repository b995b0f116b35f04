import type { RolloutList, RolloutStatus } from "@nightbeam/api";
import { type RolloutRequest, rolloutBodySchema, type Submission } from "@nightbeam/api";
import type { Rollouts } from "@nightbeam/control";
import { type Log, reasonOf } from "@nightbeam/service/log";
import { z } from "zod";
import { isoTime, type WallClock } from "../clock.js";
import { SchedulerError } from "../errors.js";
import { documents, type StateFiles } from "../state/documents.js";
import { readEach } from "../state/read-each.js";

const recordSchema = z.object({ ...rolloutBodySchema.shape, setAt: z.iso.datetime() });

/** The models that new runs start with, by name. The state store has the record; it is announced over NATS. */
export interface RolloutRegistry {
  /** Adds or replaces a rollout. @throws SchedulerError BAD_REQUEST if a path cannot be used */
  set(name: string, rollout: RolloutRequest): Promise<RolloutStatus>;
  list(): Promise<RolloutList>;
  /**
   * Replaces `rollout:NAME` in a submission by paths.
   *
   * @throws SchedulerError UNKNOWN_ROLLOUT
   */
  resolve(submission: Submission): Promise<Submission>;
  /** Announces the rollouts that this process has not announced yet: after its start, or after NATS was down. */
  announceAll(): Promise<void>;
}

export interface RolloutRegistryOptions {
  readonly files: StateFiles;
  /** Undefined without NATS. */
  readonly announcer: Pick<Rollouts, "announce"> | undefined;
  /** Refuses paths that cannot be used. */
  readonly check: (rollout: RolloutRequest) => Promise<void>;
  readonly clock: WallClock;
  readonly log: Log;
}

const REFERENCE = /^rollout:(.*)$/s;

export function openRollouts(options: RolloutRegistryOptions): RolloutRegistry {
  const { files, announcer, check, clock, log } = options;
  const records = documents({ files, folder: "rollouts", schema: recordSchema });
  const announced = new Set<string>();
  const announce = async (name: string, record: z.output<typeof recordSchema>) => {
    announced.delete(name);
    if (announcer === undefined) return;
    const { setAt, ...rollout } = record;
    try {
      await announcer.announce(name, { ...rollout, announcedAt: setAt });
      announced.add(name);
    } catch (error) {
      log.warn({ name, reason: reasonOf(error) }, "could not announce a rollout");
    }
  };
  const known = async (name: string) => {
    const record = await records.get(name);
    if (record !== undefined) return record;
    throw new SchedulerError(
      "UNKNOWN_ROLLOUT",
      `There is no rollout "${name}". Create it with \`nightbeam rollout set ${name}\`.`,
    );
  };
  const resolveOne = async (source: string, field: "target" | "catalogue") => {
    const name = REFERENCE.exec(source)?.[1];
    return name === undefined ? source : (await known(name))[field];
  };
  const resolveDraft = async (source: string) => {
    const name = REFERENCE.exec(source)?.[1];
    return name === undefined ? [source] : (await known(name)).draft;
  };
  return {
    set: async (name, rollout) => {
      await check(rollout);
      const record = { ...rollout, setAt: isoTime(clock.now()) };
      await records.put(name, record);
      await announce(name, record);
      return { name, ...record, announced: announced.has(name) };
    },
    list: async () => {
      const { read, unreadable } = await readEach(await records.keys(), async (name) => {
        const record = await records.get(name);
        return record && { name, ...record, announced: announced.has(name) };
      });
      return { rollouts: [...read], unreadable: [...unreadable] };
    },
    announceAll: async () => {
      if (announcer === undefined) return;
      const left = (await records.keys()).filter((name) => !announced.has(name));
      const { unreadable } = await readEach(left, async (name) => {
        const record = await records.get(name);
        if (record !== undefined) await announce(name, record);
      });
      for (const one of unreadable) log.warn(one, "could not announce a rollout");
    },
    resolve: async (submission) => {
      const [target, catalogue, drafts] = await Promise.all([
        resolveOne(submission.target, "target"),
        resolveOne(submission.catalogue, "catalogue"),
        Promise.all(submission.draft.map(resolveDraft)),
      ]);
      return { ...submission, target, catalogue, draft: drafts.flat() };
    },
  };
}
