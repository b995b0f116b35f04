import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseServers } from "../src/connection/servers.js";
import { combineDirectories, staticVerifiers } from "../src/nodes/directories.js";
import type { Directory, NodeEndpoint } from "../src/nodes/endpoint.js";
import { Listeners } from "../src/nodes/listeners.js";

function changing(initial: readonly NodeEndpoint[]) {
  const listeners = new Listeners();
  let endpoints = initial;
  const directory: Directory = {
    get endpoints() {
      return endpoints;
    },
    onChange: (listener) => listeners.add(listener),
  };
  const set = (next: readonly NodeEndpoint[]) => {
    endpoints = next;
    listeners.notify();
  };
  return { directory, set };
}

const live = (id: string, address: string): NodeEndpoint => {
  return { id, address, waitingTokens: 1, draining: false };
};

describe("fixed addresses", () => {
  it("become endpoints of which nothing else is known", () => {
    expect(staticVerifiers("gpu1:50051, [::1]:9,,gpu1:50051").endpoints).toEqual([
      { id: "gpu1:50051", address: "gpu1:50051", draining: false },
      { id: "[::1]:9", address: "[::1]:9", draining: false },
    ]);
    expect(staticVerifiers([]).endpoints).toEqual([]);
  });

  it.each(["gpu1", "gpu1:0", "gpu1:65536", "http://gpu1:1", "::1:9", "a b:1", ":1", "a:1x"])(
    "are refused if they are not addresses: %s",
    (address) => {
      expect(() => staticVerifiers(["ok:1", address])).toThrow(
        expect.objectContaining({
          code: "BAD_ADDRESS",
          message: expect.stringContaining(`"${address}" is not an address. Write host:port`),
        }),
      );
    },
  );
});

describe("combined directories", () => {
  it("have one entry per address, live ones before fixed ones", () => {
    const nodes = changing([live("v1", "a:1")]);
    for (const order of [
      [staticVerifiers("a:1,b:2"), nodes.directory],
      [nodes.directory, staticVerifiers("a:1,b:2")],
    ]) {
      expect(combineDirectories(order).endpoints).toEqual([
        { id: "b:2", address: "b:2", draining: false },
        live("v1", "a:1"),
      ]);
    }
  });

  it("follow their parts, and keep the same array while nothing changes", () => {
    const nodes = changing([]);
    const union = combineDirectories([nodes.directory, staticVerifiers("a:1")]);
    let calls = 0;
    const end = union.onChange(() => calls++);
    const before = union.endpoints;
    expect(union.endpoints).toBe(before);
    nodes.set([live("v1", "a:1")]);
    expect(calls).toBe(1);
    expect(union.endpoints).toEqual([live("v1", "a:1")]);
    nodes.set([]);
    expect(union.endpoints).toEqual(before);
    end();
    nodes.set([live("v2", "c:1")]);
    expect(calls).toBe(2);
  });

  it("have exactly the addresses of their parts", () => {
    const addresses = fc.uniqueArray(fc.integer({ min: 1, max: 9 }).map((port) => `h:${port}`));
    fc.assert(
      fc.property(fc.array(addresses, { maxLength: 4 }), (lists) => {
        const union = combineDirectories(lists.map((list) => staticVerifiers(list)));
        expect(union.endpoints.map(({ address }) => address)).toEqual(
          [...new Set(lists.flat())].sort(),
        );
      }),
    );
  });
});

describe("the list of NATS servers", () => {
  it.each([
    ["a", { hosts: [{ host: "a", port: 4222 }], tls: false }],
    [
      "nats://[::1]:1,b:2",
      {
        hosts: [
          { host: "::1", port: 1 },
          { host: "b", port: 2 },
        ],
        tls: false,
      },
    ],
    ["tls://a:1", { hosts: [{ host: "a", port: 1 }], tls: true }],
    ["nats://s3cr3t@a", { hosts: [{ host: "a", port: 4222 }], tls: false, token: "s3cr3t" }],
    ["nats://u:12%40@a:1", { hosts: [{ host: "a", port: 1 }], tls: false, user: "u", pass: "12@" }],
  ])("is read: %s", (text, expected) => {
    expect(parseServers(text)).toEqual(expected);
  });

  it.each(["", " , ", "http://a:1", "nats://", "a:b", "nats://u:%zz@a"])(
    "is refused: %s",
    (text) => {
      expect(() => parseServers(text)).toThrow(expect.objectContaining({ code: "BAD_SERVERS" }));
    },
  );

  it("is not repeated in the error, because it may contain a password", () => {
    expect(() => parseServers("nats://u:s3cr3t@a:x")).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("s3cr3t") }),
    );
  });
});
