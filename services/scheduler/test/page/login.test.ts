import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sessionSchema } from "@nightbeam/api";
import { silentLog } from "@nightbeam/service/log";
import { useTempDirs } from "@nightbeam/testing";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { authorize } from "../../src/access/authorize.js";
import { openSessions } from "../../src/access/sessions.js";
import { openTokens } from "../../src/access/tokens.js";
import { errorAnswer } from "../../src/http/error-answer.js";
import { sessionRoutes } from "../../src/http/session-routes.js";
import { pageRoutes, readPage } from "../../src/page/page-routes.js";

const directories = useTempDirs();
const ORIGIN = { "sec-fetch-site": "same-origin" };

async function app(origin = "http://host:7080") {
  const path = join(directories(), "tokens");
  const write = (text: string) => writeFileSync(path, text, { mode: 0o600 });
  write("read reader-token\nadmin admin-token\n");
  const tokens = await openTokens({ tokens: path, log: silentLog, lookMs: 0 });
  let now = 0;
  const access = { tokens, sessions: openSessions({ tokens, elapsed: () => now }) };
  const hono = new Hono();
  hono.onError((error, context) => {
    const { status, code, message } = errorAnswer(error);
    return context.json({ code, message }, status);
  });
  hono.route("/v1/session", sessionRoutes(access, "staging"));
  hono.use("/v1/*", authorize(access, silentLog));
  hono.all("/v1/*", (context) => context.json("done"));
  const ask = async (
    method: string,
    to: string,
    headers: Record<string, string>,
    body?: object,
  ) => {
    return hono.request(`${origin}${to}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  };
  const passes = (ms: number) => {
    now += ms;
  };
  const logIn = async (token: string) => {
    const answer = await ask("POST", "/v1/session", ORIGIN, { token });
    return { answer, cookie: (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "" };
  };
  return { ask, logIn, write, passes };
}

describe("a login", () => {
  it("gives a cookie that scripts cannot read, and that stands for the token and its role", async () => {
    const { ask, logIn } = await app();
    const { answer, cookie } = await logIn("reader-token");
    expect(answer.status).toBe(204);
    expect(answer.headers.get("set-cookie")).toMatch(
      /^nightbeam_session_7080=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    expect(cookie).not.toContain("reader-token");
    expect((await ask("GET", "/v1/runs", { cookie })).status).toBe(200);
    expect((await ask("POST", "/v1/runs", { cookie, ...ORIGIN })).status).toBe(403);
    const session = sessionSchema.parse(await (await ask("GET", "/v1/session", { cookie })).json());
    expect(session).toMatchObject({ role: "read", namespace: "staging" });
  });

  it("is Secure over TLS", async () => {
    const { logIn } = await app("https://host");
    const { answer } = await logIn("admin-token");
    expect(answer.headers.get("set-cookie")).toMatch(/^nightbeam_session_0=.*; Secure; /);
  });

  it("with a wrong token is refused, and without one nobody is logged in", async () => {
    const { ask, logIn } = await app();
    const { answer } = await logIn("wrong-token");
    expect(answer.status).toBe(401);
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(await (await ask("GET", "/v1/session", {})).json()).toEqual({ role: null });
    expect((await logIn("x".repeat(5_000))).answer.status).toBe(400);
  });

  it("ends by logout, with its token, and when it was not used for long", async () => {
    const { ask, logIn, write, passes } = await app();
    const status = async (cookie: string) => (await ask("GET", "/v1/runs", { cookie })).status;
    const [one, two, three] = await Promise.all(
      ["admin-token", "admin-token", "reader-token"].map(
        async (token) => (await logIn(token)).cookie,
      ),
    );
    if (one === undefined || two === undefined || three === undefined) throw new Error("no login");
    expect((await ask("DELETE", "/v1/session", { cookie: one, ...ORIGIN })).status).toBe(204);
    expect([await status(one), await status(two), await status(three)]).toEqual([401, 200, 200]);
    write("read reader-token\n");
    expect([await status(two), await status(three)]).toEqual([401, 200]);
    passes(11 * 3_600_000);
    expect(await status(three)).toBe(200);
    passes(11 * 3_600_000);
    expect(await status(three)).toBe(200);
    passes(13 * 3_600_000);
    expect(await status(three)).toBe(401);
  });
});

describe("a request with the cookie", () => {
  it("changes something only if it comes from the page", async () => {
    const { ask, logIn } = await app();
    const { cookie } = await logIn("admin-token");
    const change = async (headers: Record<string, string>) =>
      (await ask("POST", "/v1/runs/r/cancel", { cookie, host: "host:7080", ...headers })).status;
    expect(await change(ORIGIN)).toBe(200);
    expect(await change({ origin: "http://host:7080" })).toBe(200);
    expect(await change({ origin: "https://host:7080" })).toBe(200);
    expect(await change({})).toBe(403);
    expect(await change({ "sec-fetch-site": "same-site", origin: "http://host:7080" })).toBe(403);
    expect(await change({ "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await change({ origin: "http://host:7081" })).toBe(403);
    expect(await change({ origin: "null" })).toBe(403);
    const foreign = await ask(
      "POST",
      "/v1/session",
      { "sec-fetch-site": "cross-site" },
      { token: "admin-token" },
    );
    expect(foreign.status).toBe(403);
  });

  it("does not help a wrong token in the header", async () => {
    const { ask, logIn } = await app();
    const { cookie } = await logIn("admin-token");
    expect((await ask("GET", "/v1/runs", { cookie, authorization: "Bearer wrong" })).status).toBe(
      401,
    );
    const bearer = { authorization: "Bearer admin-token" };
    expect((await ask("POST", "/v1/runs", bearer)).status).toBe(200);
  });
});

describe("the page", () => {
  it("is one document, one script and one stylesheet, cached by their content, from here alone", async () => {
    const page = await readPage();
    const routes = pageRoutes(page);
    const document = await routes.request("/");
    const html = await document.text();
    expect(document.headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';/,
    );
    expect(document.headers.get("cache-control")).toBe("no-cache");
    const files = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(
      ([, file = ""]) => file,
    );
    expect(files).toHaveLength(2);
    for (const file of files) {
      const answer = await routes.request(file);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("cache-control")).toContain("immutable");
      const text = await answer.text();
      expect(text.match(/https?:\/\/(?!www\.w3\.org)[\w.]+/g) ?? []).toEqual([]);
    }
    expect(html).not.toMatch(/<script>|style="/);
  });
});
