import type { Model } from "@nightbeam/model";
import type { ReadyUser } from "@nightbeam/recommend";
import type { PaperData } from "./data.js";
import type { Method } from "./methods.js";
import type { PaperOptions } from "./options.js";

/** What every cell of a comparison is measured with. */
export interface Comparison {
  readonly options: PaperOptions;
  readonly data: PaperData;
  readonly target: Model;
  readonly methods: readonly Method[];
  /** Users with held-out items, in the order of the data. */
  readonly users: readonly ReadyUser[];
  /** Returns a new key for each user that is decoded, over the whole comparison. */
  readonly nextKey: () => number;
}
