import { writeFile } from "node:fs/promises";
import { openClient, type RecommendRequest } from "@nightbeam/client";
import type { RunningServer } from "@nightbeam/server";
import { useWorld } from "@nightbeam/testing/world";
import { afterEach, describe, expect, it } from "vitest";
import { type HistoryLine, listsOfRun, readUsers, startTestServer, stop } from "./support.js";

const world = useWorld({ users: 30, sharedPaths: 12 });
let server: RunningServer | undefined;
afterEach(async () => {
  await stop(server);
  server = undefined;
});

/** The lists that concurrent requests get. */
async function served(users: readonly HistoryLine[], request: (user: HistoryLine) => object) {
  const client = openClient({ url: server?.url ?? "", deadlineMs: 30_000 });
  const answers = await Promise.all(users.map((user) => client.recommend(request(user))));
  return new Map(users.map(({ user }, at) => [user, answers[at]?.items]));
}

describe("served lists", () => {
  it.each([
    { scoring: "full", draft: ["DRAFT"], draftWidth: [20] },
    { scoring: "renormalized", excludeSeen: true, topK: 5, draft: ["retrieval"] },
    { scoring: "full", verification: "sampled", seed: 3 },
  ])("are those of nightbeam recommend, to the bit: %j", async (settings) => {
    const draft = settings.draft?.map((one) => (one === "DRAFT" ? world().draft : one)) ?? [];
    const out = world().path(`run-${JSON.stringify(settings).replaceAll(/\W/g, "")}`);
    const expected = await listsOfRun(world(), { ...settings, draft, out });
    const flags = Object.entries({ ...settings, draft }).map(([key, value]) => {
      return [key, Array.isArray(value) && key !== "draft" ? value.join() : value];
    });
    server = await startTestServer(world(), {
      ...Object.fromEntries(flags),
      histories: world().histories,
    });
    const users = await readUsers(world());
    expect(await served(users, ({ user }) => ({ user }))).toEqual(expected);
    expect(await served(users, ({ user, history }) => ({ user, history }))).toEqual(expected);
  });

  it("with allowed and excluded items are those of a run with such lists", async () => {
    const users = await readUsers(world());
    const all = [...new Set(users.flatMap(({ history }) => history))];
    const [allow, exclude] = [all.slice(0, 60), all.slice(0, 15)];
    const [allowFile, blockFile] = [world().path("allow.txt"), world().path("block.txt")];
    await writeFile(allowFile, allow.join("\n"));
    await writeFile(blockFile, exclude.join("\n"));
    const out = world().path("run-lists");
    const expected = await listsOfRun(world(), { out, allow: allowFile, block: blockFile });
    server = await startTestServer(world());
    const unknown = "not in the catalogue";
    const asked = await served(users, ({ history }) => {
      return { history, allow: [...allow, unknown], exclude: [...exclude, unknown] };
    });
    expect(asked).toEqual(expected);
    await stop(server);
    server = await startTestServer(world(), { allow: allowFile, block: blockFile });
    expect(await served(users, ({ history }) => ({ history }))).toEqual(expected);
  });

  it("of users who ask what a run was asked are taken from it, to the bit", async () => {
    const out = world().path("night");
    const settings = { excludeSeen: true, beamWidth: 12 };
    const expected = await listsOfRun(world(), { ...settings, out });
    server = await startTestServer(world(), {
      ...{ excludeSeen: true, beamWidth: "12", lists: out, histories: world().histories },
    });
    const client = openClient({ url: server.url, deadlineMs: 30_000 });
    const users = await readUsers(world());
    const sources = new Map<string, number>();
    const ask = async (request: RecommendRequest) => {
      const { items, source } = await client.recommend(request);
      sources.set(source, (sources.get(source) ?? 0) + 1);
      return items;
    };
    for (const { user } of users) expect(await ask({ user })).toEqual(expected.get(user));
    expect(sources).toEqual(new Map([["unchanged", users.length]]));
    const [{ user, history } = { user: "", history: [] }, other] = users;
    await ask({ user, history: [...(other?.history ?? []), ...history] });
    await ask({ user, exclude: ["some item"] });
    expect(await ask({ history })).toEqual(expected.get(user));
    expect(sources).toEqual(
      new Map([
        ["unchanged", users.length],
        ["computed", 3],
      ]),
    );
    await stop(server);
    server = await startTestServer(world(), { lists: out, beamWidth: "13", excludeSeen: true });
    expect(await openClient(server).recommend({ user, history })).toMatchObject({
      source: "computed",
    });
  });

  it("are as long as the request asks for", async () => {
    server = await startTestServer(world(), { topK: "4", beamWidth: "15" });
    const users = (await readUsers(world())).slice(0, 5);
    const long = await served(users, ({ history }) => ({ history, topK: 15 }));
    const usual = await served(users, ({ history }) => ({ history }));
    for (const { user } of users) {
      expect(usual.get(user)).toHaveLength(4);
      expect(long.get(user)?.slice(0, 4)).toEqual(usual.get(user));
    }
  });
});
