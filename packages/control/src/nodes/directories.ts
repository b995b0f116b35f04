import { parseAddresses } from "./address.js";
import type { Directory, NodeEndpoint } from "./endpoint.js";
import { Listeners } from "./listeners.js";

/**
 * Verifiers at fixed addresses, for clusters without NATS and for times when it cannot be reached. Only
 * their addresses are known; the address is the id.
 *
 * @param addresses host:port each; in one text, separated by commas
 * @throws ControlError BAD_ADDRESS
 */
export function staticVerifiers(addresses: string | readonly string[]): Directory {
  const endpoints = parseAddresses(addresses).map((address): NodeEndpoint => {
    return { id: address, address, draining: false };
  });
  return { endpoints, onChange: () => () => {} };
}

/**
 * The union of directories by address, sorted by id. Of two entries for one address, the one with a load
 * wins, because it comes from a heartbeat; else the one of the earlier directory.
 */
export function combineDirectories(directories: readonly Directory[]): Directory {
  let parts: readonly (readonly NodeEndpoint[])[] = [];
  let union: readonly NodeEndpoint[] = [];
  return {
    get endpoints() {
      const now = directories.map(({ endpoints }) => endpoints);
      if (now.length !== parts.length || now.some((part, index) => part !== parts[index])) {
        parts = now;
        union = unite(now.flat());
      }
      return union;
    },
    onChange: (listener) => {
      const listeners = new Listeners();
      listeners.add(listener);
      const ends = directories.map((directory) => directory.onChange(() => listeners.notify()));
      return () => {
        for (const end of ends) end();
      };
    },
  };
}

function unite(endpoints: readonly NodeEndpoint[]): readonly NodeEndpoint[] {
  const byAddress = new Map<string, NodeEndpoint>();
  for (const endpoint of endpoints) {
    const held = byAddress.get(endpoint.address);
    const isLive = endpoint.waitingTokens !== undefined;
    if (held === undefined || (isLive && held.waitingTokens === undefined)) {
      byAddress.set(endpoint.address, endpoint);
    }
  }
  return [...byAddress.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
