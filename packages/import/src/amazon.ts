import { idOf, idProblem } from "@nightbeam/dataset";
import { z } from "zod";
import type { BadRecord, OwnerEvent, OwnerFiles, OwnerItem, Values } from "./owner-files.js";
import { eventOf, numberOf, secondsOf, textOf } from "./owner-files.js";
import { openOwnerTable } from "./owner-table.js";

/** Files of the Amazon reviews of 2014, 2018 or 2023, one category. */
export interface AmazonOptions {
  /**
   * 2014 and 2018: JSON lines with reviewerID, asin, overall, unixReviewTime (seconds). 2023: JSON
   * lines or CSV with user_id, parent_asin, rating, timestamp (milliseconds).
   */
  readonly reviews: string;
  /** `meta_*`: JSON lines; in 2014 Python dicts. */
  readonly meta?: string | undefined;
}

const text = z.string().optional().catch(undefined);
/** A text, or the texts of a list. */
const texts = z
  .union([z.string().transform((one) => [one]), z.array(z.string())])
  .optional()
  .catch(undefined);

const metaSchema = z.object({
  asin: z.unknown().optional(),
  parent_asin: z.unknown().optional(),
  title: text,
  brand: text,
  store: text,
  description: texts,
  features: texts,
  feature: texts,
  /** 2018: one way down the tree of categories. */
  category: texts,
  /** 2014: several ways down; 2023: one. */
  categories: z
    .union([z.array(z.string()), z.array(z.array(z.string()))])
    .optional()
    .catch(undefined),
});

/** @throws DatasetError FILE_NOT_FOUND, UNREADABLE, MISSING_COLUMN */
export async function amazonFiles(options: AmazonOptions): Promise<OwnerFiles> {
  const { reviews, meta } = options;
  return {
    dataSet: "amazon",
    dated: true,
    events: {
      table: await openOwnerTable(reviews),
      expected:
        "Amazon's reviews with reviewerID, asin, overall, unixReviewTime (2014, 2018) or user_id, parent_asin, rating, timestamp (2023)",
      read: readReview,
    },
    items:
      meta === undefined
        ? undefined
        : {
            table: await openOwnerTable(meta),
            expected: "Amazon's meta lines with asin (2014, 2018) or parent_asin (2023), and title",
            read: readMeta,
          },
  };
}

function readReview(values: Values): OwnerEvent | BadRecord {
  const { reviewerID, asin, overall, unixReviewTime } = values;
  if (reviewerID !== undefined) {
    return eventOf({
      user: ["reviewerID", reviewerID],
      item: ["asin", asin],
      moment: secondsOf(unixReviewTime),
      time: ["unixReviewTime", unixReviewTime],
      rating: overall,
    });
  }
  const { user_id, parent_asin, rating, timestamp } = values;
  return eventOf({
    user: ["user_id", user_id],
    item: ["parent_asin", parent_asin],
    moment: numberOf(timestamp),
    time: ["timestamp", timestamp],
    rating,
  });
}

function readMeta(values: Values): OwnerItem | BadRecord {
  const meta = metaSchema.parse(values);
  const [key, id] =
    meta.parent_asin === undefined ? ["asin", meta.asin] : ["parent_asin", meta.parent_asin];
  const item = idOf(id);
  if (item === undefined) return { kind: "bad", detail: idProblem(key, id) };
  const name = textOf([meta.title]);
  const category = meta.category ?? firstWay(meta.categories) ?? [];
  const said = textOf([
    name,
    meta.brand ?? meta.store,
    category.join(" > "),
    ...(meta.features ?? meta.feature ?? []),
    ...(meta.description ?? []),
  ]);
  return { kind: "item", item, name, text: said, category };
}

function firstWay(categories: string[] | string[][] | undefined): string[] | undefined {
  const [first] = categories ?? [];
  if (Array.isArray(first)) return first;
  return categories?.flat();
}
