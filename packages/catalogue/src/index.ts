export type { Trie } from "./trie.js";
export {
  childCodes,
  childCount,
  childOf,
  depthOf,
  findPrefix,
  parentOf,
  pathOf,
  ROOT,
} from "./trie.js";
