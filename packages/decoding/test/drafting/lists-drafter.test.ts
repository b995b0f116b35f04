import { excludeItems, NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { catalogueOf, fullCatalogue } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BeamSearch, type DraftRequest, LeafListsBuilder, ListsDrafter } from "../../src/index.js";
import { checkedDrafter } from "../support/fakes.js";

// The root's children are 1 and 2, theirs 3 to 6, theirs 7 to 14: the leaves.
const catalogue = fullCatalogue({ levels: 3, codes: 2 });
const { trie } = catalogue;

function lists(entries: Record<string, number[]>) {
  const builder = new LeafListsBuilder();
  for (const [name, leaves] of Object.entries(entries)) builder.add(name, leaves);
  return builder.finish();
}

type OwnRequest = DraftRequest & { readonly search: BeamSearch };

function requestOf(options: Partial<OwnRequest> = {}): OwnRequest {
  const space = { trie, scoring: "full", exclusion: NOTHING_EXCLUDED } as const;
  const search = new BeamSearch(space, { beamWidth: 2 });
  const user = { name: "Ada", prompt: Int32Array.of(1), history: new Uint32Array() };
  return { key: 1, ...user, search, widths: [9, 9], ...options };
}

async function drafted(request: DraftRequest, list: number[]) {
  const drafter = checkedDrafter(new ListsDrafter(lists({ Ada: list })));
  const [draft] = await drafter.draft([request]);
  return draft?.levels.map(({ prefixes }) => [...prefixes]);
}

describe("ListsDrafter", () => {
  it("proposes the prefixes of the user's list in its order", async () => {
    expect(await drafted(requestOf(), [13, 7, 14, 9])).toEqual([
      [2, 1],
      [6, 3, 4],
    ]);
  });

  it("proposes nothing for users without name or list", async () => {
    for (const name of [undefined, "Bob"]) {
      expect(await drafted(requestOf({ name }), [13])).toEqual([]);
    }
    expect(await drafted(requestOf(), [])).toEqual([[], []]);
  });

  it("keeps within the widths, and proposes nothing below what had no room", async () => {
    expect(await drafted(requestOf({ widths: [1, 2] }), [13, 7, 12, 11])).toEqual([[2], [6, 5]]);
    expect(await drafted(requestOf({ widths: [1, 0] }), [13, 7])).toEqual([[2]]);
    expect(await drafted(requestOf({ widths: [0, 2] }), [13, 7])).toEqual([]);
    expect(await drafted(requestOf({ widths: [] }), [13, 7])).toEqual([]);
  });

  it("continues below the search's beams, past what is known", async () => {
    const request = requestOf({ widths: [1, 1] });
    request.search.learn(0, Float64Array.of(-1, -2));
    request.search.learn(6, Float64Array.of(-1, -2));
    request.search.advance();
    // Both children of the root are beams; 6 is known and takes no room.
    expect(await drafted(request, [13, 7, 9])).toEqual([[3]]);
    const narrow = new BeamSearch(request.search.space, { beamWidth: 1 });
    narrow.learn(0, Float64Array.of(-1, -2));
    narrow.advance();
    expect(await drafted({ ...request, search: narrow }, [13, 9])).toEqual([[4]]);
  });

  it("proposes nothing that is excluded, but its siblings", async () => {
    const excluded = [...catalogue.itemsAt(13), ...catalogue.itemsAt(14), ...catalogue.itemsAt(9)];
    const exclusion = excludeItems(catalogue, excluded);
    const search = new BeamSearch({ trie, scoring: "full", exclusion }, { beamWidth: 2 });
    expect(await drafted(requestOf({ search }), [13, 9])).toEqual([[2, 1], [4]]);
  });

  it("skips prefixes without alternative if they are certain", async () => {
    const { trie } = catalogueOf([
      [0, 0, 0],
      [0, 0, 1],
      [1, 0, 0],
    ]);
    const space = { trie, scoring: "renormalized", exclusion: NOTHING_EXCLUDED } as const;
    const search = new BeamSearch(space, { beamWidth: 2 });
    // Of the path 0 0 only the second prefix is a question; of 1 0 0 none.
    expect(await drafted(requestOf({ search }), [5, 7])).toEqual([[], [3]]);
  });
});

describe("LeafLists", () => {
  it("return every user's latest list", () => {
    const entry = fc.tuple(fc.string({ maxLength: 3 }), fc.array(fc.nat(2 ** 32 - 1)));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 400 }), fc.string(), (entries, other) => {
        const builder = new LeafListsBuilder();
        for (const [name, leaves] of entries) builder.add(name, leaves);
        const packed = builder.finish();
        const expected = new Map(entries);
        for (const [name, leaves] of expected) expect([...(packed.of(name) ?? [])]).toEqual(leaves);
        if (!expected.has(other)) expect(packed.of(other)).toBeUndefined();
      }),
    );
    expect(new LeafListsBuilder().finish().of("Ada")).toBeUndefined();
  });

  it("keep many users apart", () => {
    const builder = new LeafListsBuilder();
    const users = 30_000;
    for (let user = 0; user < users; user++) builder.add(`user-${user}`, [user, user + 1]);
    const packed = builder.finish();
    for (let user = 0; user < users; user += 7) {
      expect(packed.of(`user-${user}`)).toEqual(Uint32Array.of(user, user + 1));
      expect(packed.of(`user-${users + user}`)).toBeUndefined();
    }
  });
});
