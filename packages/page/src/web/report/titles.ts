import type { ReportData } from "../../report/report-data.js";

/** What items are called: their titles, or their ids. */
export interface ReportTitles {
  /** By the place in the table of items. */
  readonly at: (place: number) => string;
  readonly of: (item: string) => string;
}

export function titlesOf({ items, titles }: Pick<ReportData, "items" | "titles">): ReportTitles {
  const at = (place: number) => titles[place] ?? items[place] ?? "";
  const places = new Map(items.map((item, place) => [item, place]));
  return { at, of: (item) => at(places.get(item) ?? -1) || item };
}
