import { nightbeam, refusal, succeed } from "@nightbeam/testing/command";
import { listsIn } from "@nightbeam/testing/recommend";
import { useWorld } from "@nightbeam/testing/world";
import { describe, expect, it } from "vitest";

const world = useWorld({ users: 12 });

describe("compare", () => {
  it("finds the same lists with any draft and part size", async () => {
    await listsIn(world(), { out: "plain", draftWidth: "0" });
    await listsIn(world(), { out: "drafted", draft: [world().draft], partSize: "5" });
    const { stdout } = await succeed("compare", world().path("plain"), world().path("drafted"));
    expect(stdout).toMatch(
      /^users {3}12\nlists {3}same users, items and order\nscores {2}(same bits|differ by \S+ at most, .*)\ndigest {2}[0-9a-f]{64}, both\n$/,
    );
  });

  it("prints the first difference of two runs, with exit code 1", async () => {
    await listsIn(world(), { out: "ten" });
    await listsIn(world(), { out: "nine", topK: "9" });
    const { code, stdout } = await nightbeam("compare", world().path("ten"), world().path("nine"));
    expect(code).toBe(1);
    expect(stdout).toMatch(/\nlists {3}12 differ\nfirst {3}user u0, rank 10: \S+ and nothing\n/);
    const json = await nightbeam("compare", world().path("ten"), world().path("nine"), "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({ same: false, lists: 12, different: 12 });
  });

  it("needs finished runs", async () => {
    expect(await refusal("compare", world().path("none"), world().path("none"))).toMatch(
      /^error: .*none\/manifest\.json does not exist/,
    );
  });
});
