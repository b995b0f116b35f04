import { buildCatalogue, type Catalogue } from "@nightbeam/catalogue";

/** A catalogue of items `i0`, `i1`, … on these paths. */
export function catalogueOf(paths: readonly (readonly number[])[]): Catalogue {
  return buildCatalogue(paths.map((codes, i) => ({ id: `i${i}`, codes, where: `item ${i}` })));
}

/** Every path of a number of levels over a number of codes. */
export function fullCatalogue({ levels, codes }: { levels: number; codes: number }): Catalogue {
  const paths = Array.from({ length: codes ** levels }, (_, n) =>
    Array.from({ length: levels }, (_, level) => Math.floor(n / codes ** level) % codes),
  );
  return catalogueOf(paths);
}
