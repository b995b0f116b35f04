import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { useTempDir } from "@nightbeam/testing";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openDestination } from "../src/destinations/open-destination.js";
import type { ListStore } from "../src/list-store.js";
import { publishRun } from "../src/publish-run.js";
import { rollBack } from "../src/switch.js";
import { DESTINATIONS, type Destination } from "./support/destinations.js";
import { dyingStore, KILLED } from "./support/dying-store.js";
import { listOf, writeRun } from "./support/write-run.js";

const USERS = 30;
const runs = useTempDir();
/** The directory of the run with a label, which is also the order of the runs. */
const out = (label: number) => join(runs(), String(label));

beforeAll(async () => {
  for (let label = 1; label <= 9; label++) {
    await writeRun(out(label), { label: String(label), users: USERS });
    // The time of a run is in milliseconds.
    await sleep(2);
  }
});
afterAll(() => vi.unstubAllEnvs());

/** A store whose versions have several buckets although runs are small. */
function small(store: ListStore): ListStore {
  return { ...store, bucketUsers: 10 };
}

/** What readers of all users see, by way of one look at the pointer: labels of runs. */
async function labelsSeen(store: ListStore): Promise<number[]> {
  const pointer = await store.readPointer();
  if (pointer === undefined) return [];
  const places = [1, 2, 5, 10, 20, 29];
  const lists = await Promise.all(
    places.map((place) => store.readList(pointer, listOf("1", place).user)),
  );
  return [
    ...new Set(
      lists.flatMap((list) => {
        if (list === undefined) throw new Error("a user has no list");
        return list.items.map((item) => labelOf(item));
      }),
    ),
  ];
}

function labelOf(item: string): number {
  return item.includes(" ") || item === ""
    ? Number(item.split(" ")[0])
    : Math.floor(Number(item) / 1e6);
}

describe.each(DESTINATIONS)("lists in %s", (_, start) => {
  let destination: Destination | undefined;
  let names = 0;
  const opened: ListStore[] = [];
  beforeAll(async () => {
    destination = await start();
  });
  afterAll(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await destination?.stop();
  });
  /** A place with nothing in it. */
  const open = async (name = `lists_${names++}`): Promise<ListStore> => {
    const store = await openDestination({ to: destination?.to ?? "", name });
    opened.push(store);
    return small(store);
  };
  const test = (name: string, work: () => Promise<void>) =>
    it(name, async (context) => (destination === undefined ? context.skip() : work()));

  test("are those of the run, user by user, and absent for others", async () => {
    const store = await open();
    expect(await store.readPointer()).toBeUndefined();
    const published = await publishRun({ out: out(1), store, scores: true });
    expect(published).toMatchObject({ outcome: "switched", present: 0, compared: USERS });
    expect(published.written.users).toBe(USERS);
    const pointer = await store.readPointer();
    expect(pointer).toMatchObject({ version: published.version.version, buckets: 3, lists: USERS });
    for (let place = 0; place < USERS; place++) {
      const { user, items } = listOf("1", place);
      const [ids, scores] = [items.map(({ item }) => item), items.map(({ score }) => score)];
      expect(await store.readList(published.version, user)).toEqual({ items: ids, scores });
    }
    expect(await store.readList(published.version, "nobody")).toBeUndefined();
  });

  test("are published again without writing what is there", async () => {
    const store = await open();
    await publishRun({ out: out(1), store });
    const again = await publishRun({ out: out(1), store });
    expect(again).toMatchObject({ outcome: "unchanged", present: USERS, written: { users: 0 } });
    expect(await store.readRecords()).toHaveLength(1);
  });

  test("stay as readers saw them when a switch comes in between", async () => {
    const store = await open();
    const first = await publishRun({ out: out(1), store });
    const seen = await store.readPointer();
    await publishRun({ out: out(2), store });
    expect(await labelsSeen(store)).toEqual([2]);
    if (seen === undefined) throw new Error("no pointer");
    expect(await store.readList(seen, "user-20")).toEqual({
      items: listOf("1", 20).items.map(({ item }) => item),
    });
    expect(seen.version).toBe(first.version.version);
  });

  test("go back by --rollback, again and again, and forth by name", async () => {
    const store = await open();
    const versions: string[] = [];
    for (const label of [1, 2, 3]) {
      versions.push((await publishRun({ out: out(label), store, keep: 3 })).version.version);
    }
    await rollBack(store);
    expect(await labelsSeen(store)).toEqual([2]);
    await rollBack(store);
    expect(await labelsSeen(store)).toEqual([1]);
    await expect(rollBack(store)).rejects.toMatchObject({ code: "NO_VERSION" });
    await rollBack(store, { version: versions[2] });
    expect(await labelsSeen(store)).toEqual([3]);
    await rollBack(store);
    // What was published after a rollback leads back to what readers saw, and not to what was rolled back.
    await publishRun({ out: out(4), store, keep: 2 });
    await rollBack(store);
    expect(await labelsSeen(store)).toEqual([2]);
  });

  test("of older runs are refused, unless they are wanted", async () => {
    const store = await open();
    await publishRun({ out: out(2), store });
    await expect(publishRun({ out: out(1), store })).rejects.toMatchObject({ code: "OLDER" });
    expect(await labelsSeen(store)).toEqual([2]);
    await publishRun({ out: out(1), store, allowOlder: true });
    expect(await labelsSeen(store)).toEqual([1]);
  });

  test("are removed after the grace, the newest kept", async () => {
    const store = await open();
    const minutes = (count: number) => () => new Date(Date.now() + count * 60_000);
    const names: string[] = [];
    for (const [label, when] of [
      [1, 0],
      [2, 60],
      [3, 61],
    ] as const) {
      const done = await publishRun({ out: out(label), store, now: minutes(when) });
      names.push(done.version.version);
      // The first one was replaced a minute ago.
      expect(done).toMatchObject({ removed: [], waiting: label === 3 ? [names[0]] : [] });
    }
    const dry = await publishRun({ out: out(4), store, now: minutes(70.5), dryRun: true });
    expect(dry).toMatchObject({
      outcome: "dry run",
      written: { users: USERS },
      removed: [names[0]],
    });
    expect(await store.readRecords()).toHaveLength(3);
    const fourth = await publishRun({ out: out(4), store, now: minutes(70.5) });
    expect(fourth).toMatchObject({ removed: [names[0]], waiting: [names[1]] });
    const left = (await store.readRecords()).map(({ version }) => version).toSorted();
    expect(left).toEqual([names[1], names[2], fourth.version.version].toSorted());
    const gone = {
      version: names[0] ?? "",
      createdAt: "",
      buckets: 3,
      lists: USERS,
      scores: false,
    };
    expect(await store.readBuckets(gone)).toEqual(new Set());
    // A removal that was killed is repeated.
    await store.remove(gone);
  });

  test("never mix, whenever publications are killed", async () => {
    const store = await open();
    await publishRun({ out: out(1), store });
    const seen: number[][] = [];
    let polling = true;
    const reader = (async () => {
      while (polling) {
        seen.push(await labelsSeen(store));
        await sleep(10);
      }
    })();
    let hours = 0;
    const now = () => new Date(Date.now() + 3_600_000 * hours++);
    // The writes are: a record, 3 buckets, the seal, the record, the pointer, the old record, a removal.
    for (const [place, at] of [0, 2, 4, 5, 6, 6, 7, 8].entries()) {
      const label = place + 2;
      const dying = dyingStore(store, { at, after: place % 2 === 0 });
      const options = { out: out(label), keep: 2, graceMs: 0, now };
      const killed = await refusalTo(publishRun({ ...options, store: dying.store }));
      expect(killed).toBe(dying.isDead() ? KILLED : undefined);
      expect([[label - 1], [label]]).toContainEqual(await labelsSeen(store));
      await publishRun({ ...options, store });
      expect(await labelsSeen(store)).toEqual([label]);
    }
    polling = false;
    await reader;
    expect(seen.filter((labels) => labels.length !== 1)).toEqual([]);
    const order = seen.flat();
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(await store.readRecords()).toHaveLength(2);
  });
});

function refusalTo(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}
