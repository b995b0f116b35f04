import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  accessibilityFindings,
  chromiumIsHere,
  type Misdeeds,
  startChromium,
  watchPage,
} from "@nightbeam/testing/browser";
import { type World, writeWorld } from "@nightbeam/testing/world";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { TestCluster, TOKEN } from "./support/cluster.js";
import { proxyWithEvents } from "./support/proxy.js";
import { describeClusters } from "./support/servers.js";

const SIZE = { users: 600, items: 600, layers: 4, width: 96, heads: 4 };
const DESKTOP = { width: 1_280, height: 800 };
const PHONE = { width: 360, height: 740 };

describeClusters("the page", () => {
  if (!chromiumIsHere()) return;
  let directory: string;
  let world: World;
  let cluster: TestCluster;
  let browser: Browser;
  let page: Page;
  let misdeeds: Misdeeds;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "nightbeam-page-"));
    world = await writeWorld({ directory: join(directory, "world"), ...SIZE });
    await appendFile(world.histories, '{"user":"stranger","history":["no such item"]}\n');
    const tokens = join(directory, "tokens");
    await writeFile(tokens, "read reader-token\nsubmit submitter-token\n", { mode: 0o600 });
    [cluster, browser] = await Promise.all([
      TestCluster.start({
        target: world.target,
        catalogue: world.catalogue,
        verifiers: 1,
        schedulerFlags: ["--tokens", tokens, "--titles", world.items],
      }),
      startChromium(),
    ]);
    page = await open(browser, DESKTOP);
    misdeeds = watchPage(page, cluster.url);
  });

  afterAll(async () => {
    await browser?.close();
    await cluster?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const open = async (from: Browser | BrowserContext, viewport = DESKTOP) => {
    const opened = await from.newPage("contexts" in from ? { viewport } : undefined);
    await opened.goto(`${cluster.url}/`);
    return opened;
  };
  const request = (name: string, more: object = {}) => ({
    target: world.target,
    draft: [world.draft],
    catalogue: world.catalogue,
    histories: world.histories,
    out: cluster.out(name),
    topK: 10,
    beamWidth: 10,
    partSize: 10,
    ...more,
  });
  const logIn = async (on: Page, token: string) => {
    await on.getByLabel("Token").fill(token);
    await on.getByRole("button", { name: "Log in" }).click();
    await on.getByRole("button", { name: "Log out" }).waitFor();
  };
  /** Does something that asks first. */
  const act = async (name: string, confirm = name) => {
    await page.getByRole("button", { name, exact: true }).first().click();
    await page.getByRole("dialog").getByRole("button", { name: confirm, exact: true }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
  };
  const seesState = (state: string) =>
    page.locator(".run-header .chip", { hasText: new RegExp(`^${state}$`) }).waitFor();
  const show = (hash: string) => page.evaluate(`location.hash = ${JSON.stringify(hash)}`);

  it("asks for a token, and refuses a wrong one in words", async () => {
    const wrong = await open(browser);
    await wrong.getByLabel("Token").fill("not-a-token");
    await wrong.getByRole("button", { name: "Log in" }).click();
    await wrong.getByText("The token is wrong").waitFor();
    await wrong.close();
    await logIn(page, TOKEN);
    await page.getByText("No run is in progress").waitFor();
    expect(await page.evaluate("document.cookie")).toBe("");
  });

  it("shows a run as it goes on, and pauses, resumes, cancels and retries it", async () => {
    const { run } = await cluster.submit(request("first"));
    await page.getByRole("link", { name: run.id }).click();
    await seesState("running");
    await act("Pause");
    await seesState("paused");
    await act("Resume");
    await seesState("running");
    await page.getByRole("button", { name: "Priority" }).click();
    await page.getByRole("dialog").getByLabel("Priority").selectOption("urgent");
    await page.getByRole("dialog").getByRole("button", { name: "Priority" }).click();
    await page.getByText("is changed").waitFor();
    expect(await cluster.status(run.id)).toMatchObject({ priority: "urgent" });
    await act("Cancel");
    await seesState("cancelled");
    await act("Retry");
    await seesState("running");
  });

  it("shows within seconds that a drafter was killed", async () => {
    const [, second] = cluster.drafters;
    await show("#/nodes");
    await page.getByRole("row", { name: /drafter-2 up/ }).waitFor();
    const killedAt = performance.now();
    await second?.signal("SIGKILL");
    await page.getByRole("row", { name: /drafter-2 not responding/ }).waitFor();
    const seconds = (performance.now() - killedAt) / 1_000;
    console.log(`a killed drafter is seen after ${seconds.toFixed(1)} s`);
    await second?.start();
    await page.getByRole("row", { name: /drafter-2 up/ }).waitFor();
  });

  it("shows shards by mouse and keyboard, charts, figures and rejected rows", async () => {
    const [first] = await runs();
    await cluster.until(first?.id ?? "");
    await show(`#/runs/${first?.id}`);
    await seesState("complete");
    await page.locator(".map canvas").click({ position: { x: 5, y: 5 } });
    await page.getByRole("heading", { name: "Shard 0" }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "Shard 0" }).waitFor({ state: "detached" });
    await page.getByRole("application").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    const shard = page.getByRole("region", { name: "Shard 2" });
    await shard.getByText(/drafter-[12]/).waitFor();
    await shard.getByText("verifier-1").waitFor();
    await page.getByText("row 600, user stranger").waitFor();
    await page.getByRole("img", { name: /^Users, per second/ }).waitFor();
    await page.getByText("Shards as a table").click();
    await page.getByRole("link", { name: "49", exact: true }).click();
    await page.getByRole("heading", { name: "Shard 49" }).waitFor();
  });

  it("shows a user's list, with titles, and the search", async () => {
    const [first] = await runs();
    const user = await recordedUser(first?.id ?? "");
    await page.getByRole("textbox", { name: "User" }).fill(user);
    await page.getByRole("button", { name: "Show list" }).click();
    await page.getByRole("heading", { name: user, exact: true }).waitFor();
    await page.getByRole("row").nth(10).waitFor();
    await page.locator(".user-history .item").first().waitFor();
    await page.locator(".search-picture svg").first().waitFor();
    await page.getByRole("textbox", { name: "User" }).fill("nobody");
    const refused = page.waitForResponse((response) => response.status() === 404);
    await page.getByRole("button", { name: "Show list" }).click();
    await refused;
    await page.getByText('has no list of user "nobody"').waitFor();
  });

  it("has shards computed again", async () => {
    const [first] = await runs();
    await show(`#/runs/${first?.id}`);
    await page.getByRole("button", { name: "Redo" }).click();
    await page.getByRole("dialog").getByLabel("Shards").fill("3,5-6");
    await page.getByRole("dialog").getByRole("button", { name: "Redo" }).click();
    await page.getByText("3 shards of run").waitFor();
    await cluster.until(first?.id ?? "");
    await seesState("complete");
  });

  it("shows and removes nights, shows and clears alarms, shows which runs would be removed", async () => {
    await put("/v1/nights/gold", {
      cron: "0 2 * * *",
      due: "06:00",
      request: request("{date}"),
    });
    await cluster
      .submit(request("refused", { histories: join(directory, "none.jsonl") }))
      .catch(() => undefined);
    await cluster.submit(request("strange", { histories: world.items })).catch(() => undefined);
    await show("#/nights");
    await page.getByRole("heading", { name: "gold" }).waitFor();
    await page.getByText("due at 06:00").waitFor();
    await act("Remove");
    await page.getByText("There are no nights").waitFor();
    await show("#/alarms");
    await page.getByText("run_refused").first().waitFor();
    await page.getByText("fix the request or its files").first().waitFor();
    await act("Clear all");
    await page.getByText("There are no alarms").waitFor();
    await show("#/runs");
    await page.getByRole("button", { name: "Remove old runs" }).click();
    await page.getByRole("button", { name: "Show which" }).click();
    await page.getByText("0 runs and 0 dates of nights would be removed").waitFor();
    await page.getByRole("button", { name: "Back" }).click();
  });

  it("shows only what a role may do, and logs out", async () => {
    const [first] = await runs();
    const context = await browser.newContext({ viewport: DESKTOP });
    const other = await open(context);
    await logIn(other, "reader-token");
    await other.goto(`${cluster.url}/#/runs/${first?.id}`);
    await other.locator(".map canvas").waitFor();
    expect(await other.locator(".actions button").count()).toBe(0);
    const status = (path: string, method: string) =>
      other.evaluate(
        async ([to = "", by = ""]) => (await fetch(to, { method: by })).status,
        [path, method],
      );
    expect(await status(`/v1/runs/${first?.id}/cancel`, "POST")).toBe(403);
    await other.getByRole("button", { name: "Log out" }).click();
    await other.getByLabel("Token").waitFor();
    expect(await status("/v1/runs", "GET")).toBe(401);
    await logIn(other, "submitter-token");
    const { run } = await cluster.submit(request("second"));
    await other.goto(`${cluster.url}/#/runs/${run.id}`);
    await other.getByRole("button", { name: "Pause" }).waitFor();
    expect(await other.getByRole("button", { name: "Redo" }).count()).toBe(0);
    await context.close();
  });

  it("has no serious finding of axe on any view, in dark and light, and fits a phone", async () => {
    const [first] = await runs();
    const views = ["#/", "#/runs", `#/runs/${first?.id}/shards/1`, `#/runs/${first?.id}/users/u0`];
    for (const view of [...views, "#/nights", "#/nodes", "#/alarms"]) {
      await show(view);
      await page.locator("main .panel, main .empty").first().waitFor();
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await accessibilityFindings(page), `${view} ${colorScheme}`).toEqual([]);
      }
      await page.setViewportSize(PHONE);
      const width = await page.evaluate("document.documentElement.scrollWidth");
      expect(width, view).toBeLessThanOrEqual(PHONE.width);
      await page.setViewportSize(DESKTOP);
    }
  });

  it("drains a node, and says since when it is not connected", async () => {
    await show("#/nodes");
    await page
      .getByRole("row", { name: /drafter-1/ })
      .getByRole("button", { name: "Drain" })
      .click();
    await page.getByRole("dialog").getByRole("button", { name: "Drain" }).click();
    await page.getByText("drafter-1 was asked to finish its work").waitFor();
    await page.getByRole("row", { name: /drafter-1/ }).waitFor({ state: "detached" });
    expect(misdeeds.list.filter((one) => !/status of 404/.test(one))).toEqual([]);
    await cluster.scheduler.stop();
    await page.getByText(/Not connected to the scheduler since/).waitFor();
    await cluster.drafters[0]?.start();
  });

  it("paints 100,000 shards", async () => {
    const total = 100_000;
    await cluster.scheduler.start();
    const run = { ...(await runs())[0], id: "big", state: "running" };
    const states = Array.from(
      { length: 2_000 },
      (_, at) => `c${(at % 40) + 1}w${(at * 7) % 30}a2s1`,
    );
    const map = { total, partSize: 256, states: `${states.join("")}w${total}`, active: [] };
    const events = [
      ["hello", { page: await versionOfPage(), now: Date.now() }],
      ["runs", { changed: [run], gone: [] }],
      ["shards", map],
    ];
    const stream = events.map(
      ([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`,
    );
    const proxy = await proxyWithEvents(cluster.url, stream.join(""));
    const context = await browser.newContext({ viewport: DESKTOP });
    const big = await context.newPage();
    await big.goto(proxy.url);
    await logIn(big, TOKEN);
    await context.addInitScript(MARK_MAP);
    for (let visit = 1; visit <= 5; visit++) {
      await big.goto("about:blank");
      await big.goto(`${proxy.url}/#/runs/big`);
      await big.getByRole("application", { name: /Map of 100,000 shards/ }).waitFor();
      const painted = await big.evaluate(async () => {
        const timeOf = (name: string) => performance.getEntriesByName(name)[0]?.startTime ?? 0;
        return { first: timeOf("first-contentful-paint"), map: timeOf("map") };
      });
      const [first, map] = [painted.first, painted.map].map((ms) => ms.toFixed(0));
      console.log(`100,000 shards, visit ${visit}: first paint ${first} ms, the map ${map} ms`);
    }
    const colours = await big.evaluate(
      "{ const canvas = document.querySelector('canvas');" +
        "const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);" +
        "new Set(new Uint32Array(data.buffer)).size }",
    );
    // Waiting, active, committed, set aside, and what is beside them.
    expect(colours).toBeGreaterThanOrEqual(5);
    await context.close();
    proxy.close();
  });

  async function versionOfPage(): Promise<string | undefined> {
    const html = await (await fetch(cluster.url)).text();
    return /data-version="(\w+)"/.exec(html)?.[1];
  }

  async function runs(): Promise<{ readonly id: string }[]> {
    const answer = await fetch(`${cluster.url}/v1/runs`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    const { runs: all }: { runs: { id: string; out: string }[] } = JSON.parse(await answer.text());
    return all.filter(({ out }) => out === cluster.out("first"));
  }

  /** A user of the first shard whose search was recorded. */
  async function recordedUser(runId: string): Promise<string> {
    const headers = { authorization: `Bearer ${TOKEN}` };
    for (let user = 0; user < 10; user++) {
      const answer = await fetch(`${cluster.url}/v1/runs/${runId}/user?user=u${user}`, { headers });
      if ((await answer.text()).includes('"search"')) return `u${user}`;
    }
    throw new Error("no search of the first shard was recorded");
  }

  async function put(path: string, body: object): Promise<void> {
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const answer = await fetch(`${cluster.url}${path}`, {
      method: "PUT",
      headers,
      body: JSON.stringify(body),
    });
    expect(answer.status, await answer.text()).toBe(200);
  }
});

/** In the browser: marks the time at which the map is drawn and shown. */
const MARK_MAP = `{
  const look = () => {
    const canvas = document.querySelector("canvas");
    const isDrawn = canvas !== null && canvas.width > 0 && canvas.style.width !== "";
    if (!isDrawn) return requestAnimationFrame(look);
    setTimeout(() => performance.mark("map"));
  };
  requestAnimationFrame(look);
}`;
