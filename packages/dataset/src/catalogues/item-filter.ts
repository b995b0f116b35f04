import type { CatalogueFilter } from "@nightbeam/catalogue";
import { readItemList } from "./item-list.js";

/** Reads the lists of allowed and blocked items, if given. @throws DatasetError as `readItemList` */
export async function readItemFilter(paths: {
  readonly allow?: string | undefined;
  readonly block?: string | undefined;
}): Promise<Pick<CatalogueFilter, "allow" | "block">> {
  const { allow, block } = paths;
  return {
    ...(allow === undefined ? {} : { allow: await readItemList(allow) }),
    ...(block === undefined ? {} : { block: await readItemList(block) }),
  };
}
