import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRecommendations } from "@nightbeam/run";
import { runRecommend } from "@nightbeam/testing/recommend";
import { writeWorld } from "@nightbeam/testing/world";
import { FAULT_KINDS } from "./faults/all.js";
import type { FaultKind } from "./faults/kind.js";
import { fits, planCampaign, type Step } from "./plan.js";
import { type CampaignReport, type NightOutcome, seconds } from "./report.js";
import { type Outcome, pause, strike } from "./strike.js";
import { canMount, Place } from "./support/place.js";

const SHARD_USERS = 16;
/** A night has no further fault when so few shards are left. */
const LAST_SHARDS = 8;
const SEARCH = { topK: 10, beamWidth: 20, excludeSeen: true } as const;
const COMPLETES_WITHIN_MS = 180_000;

export interface CampaignOptions {
  /** Each plans its own sequence; the sequences follow one another. */
  readonly seeds: readonly number[];
  /** Per seed. */
  readonly faults: number;
  /** Per night. Default: 1,920, for some five faults per night. */
  readonly users?: number;
  /** Default: all that this process can cause. */
  readonly kinds?: readonly FaultKind[];
  /** Receives a line per step and night. */
  readonly print: (line: string) => void;
}

/**
 * Runs nights under a random sequence of faults, alternately on a directory and on S3, and compares every night with
 * the lists of one machine.
 */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const { seeds, faults, users = 1_920, print } = options;
  const mounts = canMount();
  const kinds = (options.kinds ?? FAULT_KINDS).filter(
    ({ needs = [] }) => mounts || !needs.includes("mount"),
  );
  if (!mounts) print("Not root: faults that mount file systems are left out.");
  const steps = seeds.flatMap((seed) => planCampaign({ seed, faults, kinds }));
  const directory = await mkdtemp(join(tmpdir(), "nightbeam-campaign-world-"));
  try {
    const world = await writeWorld({ directory, users, items: 1_500, layers: 2, width: 128 });
    const { target, catalogue, histories } = world;
    const alone = join(directory, "alone");
    await runRecommend({ target, catalogue, histories, ...SEARCH, out: alone });
    const expected = await listsOf(alone);
    const place = await Place.start(world);
    try {
      return await new Campaign({ ...options, place, steps, expected }).run();
    } finally {
      await place.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Users in their order, and the items of each. */
type ListsByUser = ReadonlyMap<string, readonly string[]>;

async function listsOf(directory: string): Promise<ListsByUser & { readonly rows: number }> {
  const lists = new Map<string, readonly string[]>();
  let rows = 0;
  for await (const batch of readRecommendations(directory, { verify: true })) {
    for (const { user, items } of batch) {
      rows++;
      lists.set(
        user,
        items.map(({ item }) => item),
      );
    }
  }
  return Object.assign(lists, { rows });
}

interface CampaignParts extends CampaignOptions {
  readonly place: Place;
  readonly steps: readonly Step[];
  readonly expected: ListsByUser;
}

class Campaign {
  readonly #parts: CampaignParts;
  readonly #left: Step[];
  readonly #nights: NightOutcome[] = [];
  readonly #outcomes: Outcome[] = [];

  constructor(parts: CampaignParts) {
    this.#parts = parts;
    this.#left = [...parts.steps];
  }

  async run(): Promise<CampaignReport> {
    while (this.#left.length > 0) {
      const at = this.#nights.length;
      this.#nights.push(await this.#night(`night-${at}`, at % 2 === 0 ? "directory" : "s3"));
    }
    return { seeds: this.#parts.seeds, nights: this.#nights, steps: this.#outcomes };
  }

  async #night(name: string, store: "directory" | "s3"): Promise<NightOutcome> {
    const { place, print } = this.#parts;
    const { target, draft, catalogue, histories } = place.world;
    const out = place.location(name, store);
    const began = performance.now();
    const run = await place.submit({
      ...{ target, catalogue, histories, ...SEARCH, out },
      ...{ draft: [draft], draftWidth: [20], batchSize: 6, partSize: SHARD_USERS },
    });
    const committed = () => this.#committed(name, store);
    const shards = Math.ceil(this.#parts.expected.size / SHARD_USERS);
    while ((await committed()) < 2) await pause(50);
    while ((await committed()) < shards - LAST_SHARDS) {
      const at = this.#left.findIndex((step) => fits(step, store));
      const [step] = at < 0 ? [] : this.#left.splice(at, 1);
      if (step === undefined) break;
      const isDone = (count: number) => count >= shards;
      const outcome = await strike({ place, step, committed, isDone });
      this.#outcomes.push(outcome);
      print(lineOf(this.#outcomes.length, outcome));
    }
    const state = await this.#end(run.id);
    const outcome = await this.#compare({ name, store, state });
    const took = seconds(performance.now() - began);
    print(`${name} on ${store}: ${JSON.stringify(outcome)}, ${took}`);
    if (state !== "complete") print(place.logs());
    return outcome;
  }

  async #end(runId: string): Promise<string> {
    const { place } = this.#parts;
    const end = performance.now() + COMPLETES_WITHIN_MS;
    let state = "unknown";
    while (performance.now() < end) {
      state = await place.status(runId).then(
        (status) => status.state,
        () => state,
      );
      if (state === "complete") break;
      await pause(100);
    }
    return state;
  }

  async #compare(night: {
    name: string;
    store: "directory" | "s3";
    state: string;
  }): Promise<NightOutcome> {
    const { place, expected } = this.#parts;
    const { name, store, state } = night;
    const users = expected.size;
    if (state !== "complete") return { state, users, lost: users, doubled: 0, differing: 0 };
    const copies = join(place.directory, "copies");
    if (store === "s3") await place.download(name, copies);
    const lists = await listsOf(store === "s3" ? join(copies, name) : join(place.nights, name));
    let lost = 0;
    let differing = 0;
    for (const [user, items] of expected) {
      const own = lists.get(user);
      if (own === undefined) lost++;
      else if (own.join() !== items.join()) differing++;
    }
    const doubled = lists.rows - lists.size;
    await rm(copies, { recursive: true, force: true });
    return { state, users, lost, doubled, differing };
  }

  async #committed(name: string, store: "directory" | "s3"): Promise<number> {
    const { place } = this.#parts;
    const isCommit = (path: string) => /(^|\/)part-\d+\.json$/.test(path);
    if (store === "s3") {
      const keys = [...place.s3.objects.keys()];
      return keys.filter((key) => key.startsWith(`${name}/commits/`) && isCommit(key)).length;
    }
    const names = await readdir(join(place.nights, name, "commits")).catch(() => []);
    return names.filter(isCommit).length;
  }
}

function lineOf(at: number, { kinds, recoveryMs, standstillMs, problems }: Outcome): string {
  const went =
    recoveryMs === undefined
      ? "no commit afterwards"
      : `next commit ${seconds(recoveryMs)} after it was mended, standstill ${seconds(standstillMs)}`;
  return [`${at}. ${kinds.join(" + ")}: ${went}`, ...problems].join("\n   ");
}
