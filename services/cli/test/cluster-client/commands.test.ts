import { readRecommendations } from "@nightbeam/run";
import { startScheduler } from "@nightbeam/scheduler";
import { until } from "@nightbeam/testing";
import { nightbeam, startNightbeam } from "@nightbeam/testing/command";
import {
  type Api,
  startDrafter,
  startPlace,
  type TestPlace,
  TOKEN,
} from "@nightbeam/testing/scheduler";
import { redisIsHere } from "@nightbeam/testing/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

describe.skipIf(!redisIsHere())("commands of the cluster", () => {
  let place: TestPlace;
  let api: Api;
  beforeAll(async () => {
    place = await startPlace(startScheduler);
    api = await place.scheduler();
  });
  afterAll(() => place.stop());

  const at = () => ["--scheduler", api.url, "--token", TOKEN];
  const submit = (out: string, ...more: string[]) => {
    const { target, draft, catalogue, histories } = place.world;
    const models = ["--target", target, "--draft", draft, "--catalogue", catalogue];
    const rest = ["--histories", histories, "--out", place.path(out), "--part-size", "5"];
    return nightbeam("submit", ...models, ...rest, ...more, ...at());
  };

  it("submit a run, follow it to its end, and list it", async () => {
    const submitted = await submit("lists", "--exclude-seen");
    expect(submitted.stderr).toBe("");
    const [, id = ""] = /^run (lists-[0-9a-f]{6}): 70 users in 14 shards\n/.exec(
      submitted.stdout,
    ) ?? ["", ""];
    expect(submitted.stdout).toContain(`nightbeam status ${id} --follow`);
    const again = await submit("lists", "--exclude-seen");
    expect(again.stdout).toContain(
      `run ${id}: this run exists already and is running: 0 of 14 shards are done\n`,
    );
    const following = startNightbeam("status", id, "--follow", ...at());
    const drafter = await startDrafter({ redisUrl: place.redis.url });
    const followed = await following.ending;
    await drafter.close();
    expect(followed).toMatchObject({ code: 0 });
    expect(followed.stdout).toMatch(
      /^run\s+lists-\w+\nstate\s+complete\nusers\s+70\nshards\s+14\n/,
    );
    expect(followed.stdout).toMatch(/target calls\s+2\.00 per user/);
    let users = 0;
    for await (const batch of readRecommendations(place.path("lists"))) users += batch.length;
    expect(users).toBe(70);
    const listed = await nightbeam("runs", ...at());
    expect(listed.stdout).toMatch(new RegExp(`${id}\\s+complete\\s+70\\s+14/14\\s`));
    expect(await submit("lists", "--exclude-seen")).toMatchObject({
      code: 0,
      stdout: `run ${id}: this run exists already and is complete: 14 of 14 shards are done\n`,
    });
  });

  it("end with 3 if a run is partial, and with 4 if it was cancelled", async () => {
    const drafter = await startDrafter({
      redisUrl: place.redis.url,
      before: (index) => {
        if (index === 2) throw new Error("shard 2 is poison");
      },
    });
    const partial = /run (\S+):/.exec((await submit("partial")).stdout)?.[1] ?? "";
    const followed = await nightbeam("status", partial, "--follow", ...at());
    await drafter.close();
    expect(followed.code).toBe(3);
    expect(followed.stdout).toContain("shard 2 (rows 10–14): shard 2 is poison");
    const cancelled = /run (\S+):/.exec((await submit("cancelled")).stdout)?.[1] ?? "";
    const cancel = await nightbeam("cancel", cancelled, ...at());
    expect(cancel.stdout).toBe(`run ${cancelled} is cancelled: 0 of 14 shards are done\n`);
    const again = await nightbeam("cancel", cancelled, ...at());
    expect(again.stdout).toBe(`run ${cancelled} was already cancelled: 0 of 14 shards are done\n`);
    expect(await nightbeam("status", cancelled, "--follow", ...at())).toMatchObject({ code: 4 });
    const resumed = await submit("cancelled");
    expect(resumed.stdout).toContain(`run ${cancelled} is resumed: 0 of 14 shards are done`);
    await nightbeam("cancel", cancelled, ...at());
    await until("the alarm is kept", async () => {
      return JSON.stringify((await api.ask("GET", "/v1/alarms")).body).includes(partial);
    });
    const overview = await nightbeam("status", ...at());
    expect(overview.stdout).toMatch(/^runs\s+none in progress\nnodes\s+unknown without NATS\n/);
    expect(overview.stdout).toContain(`Run ${partial} is partial: 1 of 14 shards`);
  });

  it("make, list and remove nights and rollouts", async () => {
    const { target, catalogue, histories } = place.world;
    const models = ["--target", "rollout:beauty", "--catalogue", "rollout:beauty"];
    const rest = ["--histories", histories, "--out", place.path("nights/{date}")];
    const when = [
      "--cron",
      "0 2 * * *",
      "--time-zone",
      "Europe/Berlin",
      "--due",
      "06:00",
      "--missed",
      "skip",
    ];
    const put = await nightbeam("nights", "put", "beauty", ...when, ...models, ...rest, ...at());
    expect(put).toMatchObject({ code: 0, stderr: "" });
    expect(put.stdout).toMatch(/^night beauty starts \d{4}-\d\d-\d\d \d\d:00\n$/);
    const nights = await nightbeam("nights", ...at());
    expect(nights.stdout).toMatch(
      /beauty\s+0 2 \* \* \*\s+Europe\/Berlin\s+06:00\s+skip\s.*never\s+-\s+-\n$/,
    );
    const removed = await nightbeam("nights", "remove", "beauty", ...at());
    expect(removed.stdout).toBe("night beauty is removed\n");
    const set = ["set", "beauty", "--target", target, "--catalogue", catalogue];
    expect((await nightbeam("rollout", ...set, ...at())).stdout).toContain("rollout beauty is set");
    expect((await nightbeam("rollout", "list", ...at())).stdout).toContain(target);
  });

  it("report what is wrong", async () => {
    const refused = async (...args: string[]) => {
      const { code, stderr } = await nightbeam(...args);
      return { code, stderr };
    };
    const wrong = ["--scheduler", api.url, "--token", "another-token"];
    expect(await refused("runs", ...wrong)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: The token is wrong/),
    });
    expect(await refused("status", "nothing", ...at())).toMatchObject({
      code: 1,
      stderr: 'error: There is no run "nothing". Run `nightbeam runs` to list them.\n',
    });
    expect(
      await refused("runs", "--scheduler", "http://127.0.0.1:9", "--token", "t"),
    ).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: no scheduler answers at http/),
    });
    const missing = await submit("never", "--allow", "nowhere.txt");
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(missing.stderr).toContain("The scheduler cannot read --allow ");
    expect(missing.stderr).toContain("put the file where all of them have it");
  });
});
