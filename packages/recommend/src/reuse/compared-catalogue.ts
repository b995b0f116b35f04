import { type Catalogue, CatalogueError, filterCatalogue } from "@nightbeam/catalogue";
import { readItemFilter } from "@nightbeam/dataset";
import type { Scoring } from "@nightbeam/decoding";
import { searchedCatalogue } from "@nightbeam/model";

/**
 * The catalogue by which a cluster's answers are compared: as one machine searches it, without the items that `allow` and
 * `block` leave out. Verifiers hold the whole catalogue, in which these are closed for all users.
 *
 * @throws DatasetError, ModelError, CatalogueError
 */
export async function comparedCatalogue(
  catalogue: Catalogue,
  run: {
    readonly allow?: string | undefined;
    readonly block?: string | undefined;
    readonly target: string;
    readonly scoring: Scoring;
  },
): Promise<Catalogue> {
  const { allow, block, target: directory, scoring } = run;
  const left = filtered(catalogue, await readItemFilter({ allow, block }));
  return searchedCatalogue(left, { directory, scoring });
}

/** If nothing is left, no list has items, whatever the catalogue. */
function filtered(
  catalogue: Catalogue,
  filter: Awaited<ReturnType<typeof readItemFilter>>,
): Catalogue {
  try {
    return filterCatalogue(catalogue, filter);
  } catch (error) {
    if (error instanceof CatalogueError && error.code === "EMPTY") return catalogue;
    throw error;
  }
}
