import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { assertCreatable, dataRoots } from "../src/files/data-roots.js";
import { writeDurably } from "../src/files/durable.js";
import { makeDirectory } from "../src/files/make-directory.js";
import { openRegular, readSmall } from "../src/files/regular-file.js";

const dir = mkdtempSync(join(tmpdir(), "special-files-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const isLinux = process.platform === "linux";

describe.skipIf(!isLinux)("openRegular", () => {
  const pipe = join(dir, "pipe");
  const socket = join(dir, "socket");
  const loop = join(dir, "loop");
  const toDevice = join(dir, "to-device");
  if (isLinux) {
    execFileSync("mkfifo", [pipe]);
    symlinkSync(loop, loop);
    symlinkSync("/dev/zero", toDevice);
  }

  it.each([
    [pipe, /is a pipe, not a regular file/],
    ["/dev/zero", /is a device/],
    ["/dev/null", /is a device/],
    [toDevice, /is a device/],
    ["/proc/self/environ", /operating system's kernel/],
    ["/proc/self/status", /operating system's kernel/],
    [dir, /is a directory/],
  ])("refuses %s at once", async (path, message) => {
    await expect(openRegular(path)).rejects.toMatchObject({
      code: "UNREADABLE",
      message: expect.stringMatching(message),
    });
  });

  it("refuses a socket and a link to itself", async () => {
    const server = createServer().listen(socket);
    await new Promise((resolve) => server.once("listening", resolve));
    await expect(openRegular(socket)).rejects.toMatchObject({ code: "UNREADABLE" });
    await expect(openRegular(loop)).rejects.toMatchObject({ code: "ELOOP" });
    await new Promise((resolve) => server.close(resolve));
  });

  it("refuses more bytes than a small file may have", async () => {
    const path = join(dir, "small");
    writeFileSync(path, "12345");
    expect((await readSmall(path, 5)).toString()).toBe("12345");
    await expect(readSmall(path, 4)).rejects.toMatchObject({ code: "UNREADABLE" });
  });
});

describe("makeDirectory", () => {
  it.skipIf(!isLinux).each(["/proc/self/x", "/proc/self/x/y/z", "/dev/null/x"])(
    "ends for %s",
    async (path) => {
      await expect(makeDirectory(path)).rejects.toThrow();
      await expect(assertCreatable(path)).rejects.toMatchObject({ code: "WRITE_FAILED" });
    },
  );

  it("makes all levels once, closed to other users", async () => {
    const path = join(dir, "a", "b", "c");
    expect(await makeDirectory(path)).toEqual([join(dir, "a"), join(dir, "a", "b"), path]);
    expect(await makeDirectory(path)).toEqual([]);
    expect(statSync(path).mode & 0o007).toBe(0);
    await assertCreatable(join(path, "d", "e"));
    await writeDurably(join(path, "file"), "text");
    expect(statSync(join(path, "file")).mode & 0o117).toBe(0);
    await expect(makeDirectory(join(path, "file"))).rejects.toMatchObject({ code: "EEXIST" });
  });
});

describe("dataRoots", () => {
  const root = join(dir, "root");
  mkdirSync(join(root, "in"), { recursive: true });
  mkdirSync(join(dir, "rootless"));
  mkdirSync(join(root, "model"));
  writeFileSync(join(dir, "secret"), "");
  symlinkSync(join(dir, "secret"), join(root, "link"));
  symlinkSync(join(dir, "secret"), join(root, "model", "config.json"));
  symlinkSync(join(root, "in"), join(root, "inner"));
  mkdirSync(join(dir, "other", "sub"), { recursive: true });
  writeFileSync(join(dir, "other", "secret"), "");
  symlinkSync(join(dir, "other", "sub"), join(root, "away"));
  symlinkSync(join(dir, "nowhere"), join(root, "dangling"));
  const roots = dataRoots([root, "s3://bucket/lists"]);

  it.each([
    join(root, "in"),
    join(root, "in", "new", "file"),
    join(root, "inner"),
    "s3://bucket/lists",
    "s3://bucket/lists/a",
  ])("takes %s", async (path) => {
    await roots.assertInside(path);
  });

  it.each([
    dir,
    "/etc/passwd",
    join(dir, "rootless"),
    `${root}/in/../../secret`,
    join(root, "link"),
    // Outside by the system's reading alone, and where it would be made outside.
    `${root}/away/../secret`,
    join(root, "dangling"),
    join(root, "model"),
    "s3://bucket/listsX",
    "s3://other/lists",
    "/",
  ])("refuses %s", async (path) => {
    await expect(roots.assertInside(path)).rejects.toMatchObject({ code: "BAD_LOCATION" });
  });

  it("takes everything without roots", async () => {
    await dataRoots([]).assertInside("/etc/passwd");
  });
});
