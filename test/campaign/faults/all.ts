import { GUEST_FAULTS } from "./guests.js";
import type { FaultKind } from "./kind.js";
import { LINK_FAULTS } from "./links.js";
import { NODE_FAULTS } from "./nodes.js";
import { SERVER_FAULTS } from "./servers.js";
import { STORE_FAULTS } from "./stores.js";

/** All kinds of faults. */
export const FAULT_KINDS: readonly FaultKind[] = [
  ...NODE_FAULTS,
  ...SERVER_FAULTS,
  ...LINK_FAULTS,
  ...STORE_FAULTS,
  ...GUEST_FAULTS,
];
