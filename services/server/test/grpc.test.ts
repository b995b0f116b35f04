import { fileURLToPath } from "node:url";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { RunningServer } from "@nightbeam/server";
import { useWorld } from "@nightbeam/testing/world";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type HistoryLine, post, readUsers, startTestServer, stop } from "./support.js";

const world = useWorld({ users: 20 });
const TOKEN = "a secret of the test";
let server: RunningServer | undefined;
let users: HistoryLine[] = [];
let client: Client;

beforeAll(async () => {
  users = await readUsers(world());
  server = await startTestServer(world(), {
    ...{ histories: world().histories, token: TOKEN, grpcListen: "127.0.0.1:0" },
    ...{ batchSize: "2", maxWaitMs: "1" },
  });
  const address = server.grpcUrl?.replace("grpc://", "") ?? "";
  client = new Client(address, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await stop(server);
});

/** Calls as a client in any language does that has the .proto file, or asks the server for it. */
function recommend(
  request: object,
  { deadline = Date.now() + 60_000, token = TOKEN }: { deadline?: number; token?: string } = {},
): Promise<Record<string, unknown>> {
  const directory = fileURLToPath(new URL("../../../packages/protocol/proto", import.meta.url));
  const proto = "nightbeam/recommendations/v1/recommendations.proto";
  const loaded = loadSync(proto, { includeDirs: [directory], enums: String, defaults: true });
  const service = loaded["nightbeam.recommendations.v1.Recommendations"];
  if (service === undefined || !("Recommend" in service)) throw new Error(proto);
  const method = service.Recommend;
  if (method === undefined || typeof method === "function") throw new Error(proto);
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  return new Promise((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = method;
    client.makeUnaryRequest(
      ...([path, requestSerialize, responseDeserialize, request, metadata, { deadline }] as const),
      (error: ServiceError | null, answer?: object) => {
        if (error !== null) reject(error);
        else resolve({ ...answer });
      },
    );
  });
}

describe("the gRPC API", () => {
  it("has the lists of the HTTP API, to the bit", async () => {
    for (const { user, history } of users.slice(0, 4)) {
      const headers = { authorization: `Bearer ${TOKEN}` };
      const { body } = await post(server ?? { url: "" }, { user, topK: 7 }, headers);
      const expected = { items: body.items, source: "SOURCE_COMPUTED", skippedItems: 0 };
      expect(await recommend({ user, topK: 7 })).toMatchObject(expected);
      expect(await recommend({ history: { ids: history }, topK: 7 })).toMatchObject(expected);
      const exclude = [String(Reflect.get(Object(Object(body.items)[0]), "item"))];
      const less = await recommend({ user, topK: 6, exclude });
      expect(less.items).not.toContainEqual(expect.objectContaining({ item: exclude[0] }));
    }
  });

  it("refuses with a status, the place and the remedy", async () => {
    const [{ history } = { history: [] }] = users;
    const cases: [request: object, code: status, words: string][] = [
      [{}, status.INVALID_ARGUMENT, "give a user, a history, or both"],
      [{ history: { ids: [""] } }, status.INVALID_ARGUMENT, "`history[0]`"],
      [{ user: "nobody" }, status.NOT_FOUND, "Send the history"],
      [{ history: { ids: [] } }, status.FAILED_PRECONDITION, "no items"],
      [{ history: { ids: history }, allow: { ids: [] } }, status.FAILED_PRECONDITION, "`allow`"],
    ];
    for (const [request, code, words] of cases) {
      await expect(recommend(request)).rejects.toMatchObject({ code });
      await expect(recommend(request)).rejects.toThrow(words);
    }
    const foreign = recommend({ user: users[0]?.user }, { token: "another one" });
    await expect(foreign).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
    const late = recommend({ user: users[0]?.user }, { deadline: Date.now() - 1 });
    await expect(late).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });

  it("says when to retry if too many requests wait", async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, () => recommend({ user: users[0]?.user })),
    );
    const refused = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    expect(refused.length).toBeGreaterThan(0);
    for (const error of refused) {
      expect(error).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
      const { metadata } = error;
      const text = String(metadata.get("retry-after-ms")[0]);
      expect(Number(text)).toBeGreaterThan(0);
      expect(metadata.get("grpc-retry-pushback-ms")).toEqual([text]);
      const details = Buffer.from(metadata.get("grpc-status-details-bin")[0]).toString("latin1");
      expect(details).toContain("type.googleapis.com/google.rpc.RetryInfo");
    }
  });
});
