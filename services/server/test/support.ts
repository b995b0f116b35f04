import { readFile } from "node:fs/promises";
import type { RecommendAnswer, RecommendRequest } from "@nightbeam/client";
import { recommendRun } from "@nightbeam/recommend";
import { readRecommendations } from "@nightbeam/run";
import { type RunningServer, type ServerDeps, serverSchema, startServer } from "@nightbeam/server";
import { silentLog } from "@nightbeam/service/log";
import { parseRecommendSettings } from "@nightbeam/settings";
import type { World } from "@nightbeam/testing/world";

/** The lists of a run with these settings, by user. */
export async function listsOfRun(
  world: World,
  { out, ...more }: Record<string, unknown> & { readonly out: string },
): Promise<ReadonlyMap<string, RecommendAnswer["items"]>> {
  const { target, catalogue, histories } = world;
  const given = { target, catalogue, histories, workers: 1, format: "jsonl", out, ...more };
  const { signal } = new AbortController();
  await recommendRun(parseRecommendSettings(given), { onEvent: () => undefined, signal });
  const lists = new Map<string, RecommendAnswer["items"]>();
  for await (const batch of readRecommendations(out)) {
    for (const { user, items } of batch) {
      const list = items.map(({ item, score, logProb = score }) => ({ item, score, logProb }));
      lists.set(user, list);
    }
  }
  return lists;
}

export function startTestServer(
  world: World,
  { deps, ...flags }: Record<string, unknown> & { readonly deps?: Partial<ServerDeps> } = {},
): Promise<RunningServer> {
  const { target, catalogue } = world;
  const given = { target, catalogue, workers: "1", listen: "127.0.0.1:0", ...flags };
  return startServer(serverSchema.parse(given), { log: silentLog, ...deps });
}

export async function stop(server: RunningServer | undefined): Promise<void> {
  server?.drain("test");
  await server?.finished;
}

export interface HistoryLine {
  readonly user: string;
  readonly history: readonly string[];
}

export async function readUsers(world: World): Promise<HistoryLine[]> {
  const lines = (await readFile(world.histories, "utf8")).trim().split("\n");
  return lines.map((line): HistoryLine => JSON.parse(line));
}

export async function post(
  { url }: Pick<RunningServer, "url">,
  request: RecommendRequest | string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const body = typeof request === "string" ? request : JSON.stringify(request);
  const response = await fetch(`${url}/v1/recommendations`, { method: "POST", body, headers });
  return {
    status: response.status,
    headers: response.headers,
    body: JSON.parse(await response.text()),
  };
}
