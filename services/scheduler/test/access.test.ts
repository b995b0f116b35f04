import { createHash } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentLog } from "@nightbeam/service/log";
import { useTempDirs } from "@nightbeam/testing";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { authorize } from "../src/access/authorize.js";
import { includes, neededRole } from "../src/access/roles.js";
import { openSessions } from "../src/access/sessions.js";
import { parseTokens, roleOf } from "../src/access/token-list.js";
import { openTokens } from "../src/access/tokens.js";
import { errorAnswer } from "../src/http/error-answer.js";

const directories = useTempDirs();
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("roles", () => {
  it.each([
    ["GET", "/v1/runs", "read"],
    ["GET", "/v1/nights", "read"],
    ["HEAD", "/v1/alarms", "read"],
    ["POST", "/v1/runs", "submit"],
    ["POST", "/v1/runs/night-1/cancel", "submit"],
    ["POST", "/v1/runs/night-1/pause", "submit"],
    ["PUT", "/v1/runs/night-1/priority", "submit"],
    ["POST", "/v1/runs/night-1/redo", "admin"],
    ["POST", "/v1/runs/prune", "admin"],
    ["DELETE", "/v1/runs/night-1", "admin"],
    ["POST", "/v1/runsx", "admin"],
    ["PUT", "/v1/nights/gold", "admin"],
    ["DELETE", "/v1/nights/gold", "admin"],
    ["PUT", "/v1/rollouts/gold", "admin"],
    ["DELETE", "/v1/alarms", "admin"],
    ["PATCH", "/v1/unknown", "admin"],
  ] as const)("%s %s needs %s", (method, path, role) => {
    expect(neededRole(method, path)).toBe(role);
  });

  it("include those before them", () => {
    expect(includes("admin", "submit")).toBe(true);
    expect(includes("submit", "read")).toBe(true);
    expect(includes("read", "submit")).toBe(false);
  });
});

describe("a file of tokens", () => {
  it("has roles and tokens, or their digests", () => {
    const digest = sha256("second-token");
    const parsed = parseTokens(`# tokens\n\nread first-token\r\n  submit\tsha256:${digest}\n`);
    const tokens = "tokens" in parsed ? parsed.tokens : [];
    expect(tokens).toHaveLength(2);
    expect(roleOf("first-token", tokens)).toBe("read");
    expect(roleOf("second-token", tokens)).toBe("submit");
    for (const wrong of ["", "first-toke", "first-token ", digest, `sha256:${digest}`])
      expect(roleOf(wrong, tokens)).toBeUndefined();
  });

  it.each([
    ["", "it contains no tokens"],
    ["# nothing", "it contains no tokens"],
    ["write s3cret-token", "line 1: write a role"],
    ["s3cret-token", "line 1: write a role"],
    ["read s3cret token", "line 1: write a role"],
    ["\nread s3cret", "line 2: the token is too short"],
    ["read sha256:s3cret", "line 1: write a role"],
    ["read s3cret-token\nadmin s3cret-token", "line 2: this token is there twice"],
  ])("is refused by its line, without the token: %j", (text, problem) => {
    const parsed = parseTokens(text);
    expect(parsed).toEqual({ problem: expect.stringContaining(problem) });
    expect(JSON.stringify(parsed)).not.toContain("s3cret");
  });

  it("is read again when it changes, and stays valid as it was if the change is not", async () => {
    const path = join(directories(), "tokens");
    const replace = (text: string) => {
      writeFileSync(`${path}.new`, text, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    };
    replace("submit old-token\n");
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (_: object, message: string) => warnings.push(message) };
    const tokens = await openTokens({ token: "the-admin", tokens: path, log, lookMs: 0 });
    const roles = async () => {
      const asked = ["old-token", "new-token", "the-admin"];
      return Promise.all(asked.map((token) => tokens.roleOf(token)));
    };
    expect(await roles()).toEqual(["submit", undefined, "admin"]);
    replace("submit old-token\nsubmit new-token\n");
    expect(await roles()).toEqual(["submit", "submit", "admin"]);
    replace("submit new-token\n");
    expect(await roles()).toEqual([undefined, "submit", "admin"]);
    replace("submit x\n");
    expect(await roles()).toEqual([undefined, "submit", "admin"]);
    expect(warnings).toEqual(["the tokens before stay valid"]);
  });

  it("must be there and valid at the start", async () => {
    const path = join(directories(), "tokens");
    const opening = () => openTokens({ tokens: path, log: silentLog });
    await expect(opening()).rejects.toThrow(`--tokens ${path} cannot be read`);
    writeFileSync(path, "read", { mode: 0o600 });
    await expect(opening()).rejects.toThrow(`--tokens ${path} is invalid: line 1`);
  });
});

describe("requests", () => {
  it("with a wrong token get 401, with too small a role 403, both in words", async () => {
    const path = join(directories(), "tokens");
    writeFileSync(path, "read reader-token\nsubmit submitter-token\n", { mode: 0o600 });
    const warnings: object[] = [];
    const log = { ...silentLog, warn: (fields: object) => warnings.push(fields) };
    const app = new Hono();
    app.onError((error, context) => {
      const { status, code, message } = errorAnswer(error);
      return context.json({ code, message }, status);
    });
    const tokens = await openTokens({ tokens: path, log });
    app.use("*", authorize({ tokens, sessions: openSessions({ tokens }) }, log));
    app.all("*", (context) => context.json("done"));
    const ask = async (method: string, url: string, token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await app.request(url, { method, headers });
      return [answer.status, JSON.stringify(await answer.json())] as const;
    };
    expect(await ask("GET", "/v1/runs", "reader-token")).toEqual([200, '"done"']);
    expect(await ask("POST", "/v1/runs", "submitter-token")).toEqual([200, '"done"']);
    const [status, text] = await ask("POST", "/v1/runs", "reader-token");
    expect(status).toBe(403);
    expect(text).toContain("has the role read, and the request needs submit or admin");
    expect((await ask("DELETE", "/v1/alarms", "submitter-token"))[0]).toBe(403);
    for (let tries = 0; tries < 3; tries++)
      expect((await ask("GET", "/v1/runs", "wrong-token"))[0]).toBe(401);
    expect(warnings).toEqual([{ requests: 1 }]);
  });
});
