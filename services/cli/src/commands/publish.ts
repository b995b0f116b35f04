import {
  DEFAULT_NAME,
  DEFAULT_RETENTION,
  type DestinationOptions,
  type ListStore,
  NAME_PATTERN,
  openDestination,
  type Publication,
  parseRate,
  publishRun,
  rollBack,
} from "@nightbeam/publish";
import {
  addFlags,
  numberOf,
  parseOptions,
  readTls,
  secretsIn,
  tlsFlags,
  UsageError,
  wholeNumber,
} from "@nightbeam/service";
import {
  facts,
  type Progress,
  printError,
  progressBar,
  table,
  whole,
} from "@nightbeam/service/terminal";
import { Command } from "commander";
import { z } from "zod";
import { printResult, withJson } from "../output.js";

const schema = z.object({
  to: z.string(),
  name: z
    .string()
    .regex(NAME_PATTERN, "give up to 31 small letters, digits and _, a letter first")
    .default(DEFAULT_NAME),
  scores: z.boolean().default(false),
  keep: wholeNumber(1).default(DEFAULT_RETENTION.keep),
  graceMinutes: numberOf("a number of minutes").default(DEFAULT_RETENTION.graceMs / 60_000),
  maxRate: z
    .string()
    .transform((text, context) => {
      const rate = parseRate(text);
      if (rate === undefined) context.addIssue("give users per second, as 5000, or bytes, as 20MB");
      return rate;
    })
    .optional(),
  older: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  rollback: z.union([z.string(), z.literal(true)]).optional(),
  versions: z.boolean().default(false),
  json: z.boolean().optional(),
  tlsCa: z.string().optional(),
  tlsCert: z.string().optional(),
  tlsKey: z.string().optional(),
});

type Options = z.output<typeof schema>;

/** `nightbeam publish` */
export function publishCommand(): Command {
  const command = new Command("publish")
    .argument("[out]", "the --out of a complete run, of one machine or of a cluster")
    .option("--scores", "publish the scores of the items as well")
    .option(
      "--keep <n>",
      `versions to keep, the present one included (default ${DEFAULT_RETENTION.keep})`,
    )
    .option(
      "--grace-minutes <n>",
      `how long a version stays after a switch, for readers that still use it (default ${DEFAULT_RETENTION.graceMs / 60_000})`,
    )
    .option("--max-rate <rate>", "the most to write per second: users, as 5000, or bytes, as 20MB")
    .option("--older", "publish also if readers see the lists of a later run")
    .option("--dry-run", "read and check the run, say what would be written, and write nothing")
    .option(
      "--rollback [version]",
      "make readers see the version before the present one, or this one",
    )
    .option("--versions", "list the versions that are there");
  addFlags(command, [
    {
      flag: "--to <place>",
      meaning:
        "redis://host:port, rediss://…, postgres://user@host/database, s3://bucket/prefix or a directory",
      variable: "NIGHTBEAM_PUBLISH_TO",
      isSecret: true,
    },
    {
      flag: "--name <name>",
      meaning: `what the lists are called there, if there are several kinds (default ${DEFAULT_NAME})`,
      variable: "NIGHTBEAM_PUBLISH_NAME",
    },
    ...tlsFlags({
      ca: "PEM file of the authority of the certificate of Redis or PostgreSQL",
      cert: "the certificate that Redis or PostgreSQL may require",
    }),
  ]);
  return withJson(command).action(
    async (out: string | undefined, flags: Record<string, unknown>) => {
      const options = parseOptions(schema, flags, { isSecret: secretsIn(command) });
      const { to, name, rollback, versions, json } = options;
      refuseContradictions(out, options);
      const warn = (_: object, text: string) => printError(`warning: ${text}\n`);
      const tls = await readTls(options, { warn });
      const destination: DestinationOptions = { to, name, tls };
      const store = await openDestination(destination);
      try {
        for (const warning of await store.warnings()) printError(`warning: ${warning}\n`);
        if (versions) printResult({ json }, await listVersions(store));
        else if (rollback !== undefined) printResult({ json }, await goBack(store, rollback));
        else if (out !== undefined) printResult({ json }, await publish(out, { store, options }));
      } finally {
        await store.close();
      }
    },
  );
}

/** @throws UsageError BAD_OPTION */
function refuseContradictions(out: string | undefined, options: Options): void {
  const { rollback, versions, dryRun } = options;
  const actions = [
    ...(out === undefined ? [] : ["a run"]),
    ...(rollback === undefined ? [] : ["--rollback"]),
    ...(versions ? ["--versions"] : []),
  ];
  if (actions.length === 1 && (out !== undefined || !dryRun)) return;
  const problem =
    actions.length === 0
      ? "name the --out of a complete run, or give --rollback or --versions"
      : actions.length === 1
        ? `${actions[0]} has no --dry-run`
        : `${actions.join(" and ")} exclude each other: give one of them`;
  throw new UsageError("BAD_OPTION", problem);
}

async function publish(
  out: string,
  { store, options }: { readonly store: ListStore; readonly options: Options },
) {
  const { scores, keep, graceMinutes, maxRate, older, dryRun, json } = options;
  let shown: { readonly phase: string; readonly bar: Progress } | undefined;
  const published = await publishRun({
    ...{ out, store, scores, keep, maxRate, dryRun },
    graceMs: graceMinutes * 60_000,
    allowOlder: older,
    onProgress: ({ phase, ...state }) => {
      if (json === true) return;
      if (shown?.phase !== phase) {
        shown?.bar.finish();
        shown = { phase, bar: progressBar(process.stderr) };
      }
      shown.bar.update({ ...state, note: phase });
    },
  }).finally(() => shown?.bar.finish());
  return {
    value: { place: store.place, ...published },
    text: publishedText(store.place, published),
  };
}

function publishedText(place: string, published: Publication): string {
  const { version, outcome, written, present, compared, removed, waiting } = published;
  const isDry = outcome === "dry run";
  const [bytes, unit] =
    written.bytes < 1e6 ? [written.bytes / 1e3, "kB"] : [written.bytes / 1e6, "MB"];
  const size = `${whole(written.users)} lists, ${bytes.toFixed(1)} ${unit}`;
  const were = present === 0 ? "" : `; ${whole(present)} were there`;
  return [
    facts([
      ["version", `${version.version}, ${whole(version.lists)} lists of ${version.createdAt}`],
      [isDry ? "to write" : "written", `${size}${were}`],
      ...(isDry ? [] : [["checked", `${whole(compared)} lists, read back`] as [string, string]]),
      ...(removed.length === 0
        ? []
        : [[isDry ? "to remove" : "removed", removed.join(", ")] as [string, string]]),
      ...(waiting.length === 0
        ? []
        : [
            ["still kept", `${waiting.join(", ")}: readers may use it, see --grace-minutes`] as [
              string,
              string,
            ],
          ]),
    ]),
    seenText(place, published),
  ].join("\n");
}

function seenText(place: string, { version, outcome, before }: Publication): string {
  const name = `${version.version} (${whole(version.lists)} lists)`;
  const old = before === undefined ? "nothing" : before.version;
  if (outcome === "dry run") return `${place}: nothing was written; readers see ${old}.`;
  if (outcome === "unchanged") return `${place}: readers see ${name}, as before.`;
  const back = before === undefined ? "" : " --rollback returns to it.";
  return `${place}: readers now see ${name}. Before, they saw ${old}.${back}`;
}

async function goBack(store: ListStore, to: string | true) {
  const switched = await rollBack(store, { version: to === true ? undefined : to });
  const { version, lists, createdAt } = switched.pointer;
  const isSame = switched.before?.version === version;
  const text = `${store.place}: readers ${isSame ? "" : "now "}see ${version} (${whole(lists)} lists of ${createdAt})${
    isSame ? ", as before" : `. Before, they saw ${switched.before?.version ?? "nothing"}`
  }.`;
  return { value: { place: store.place, ...switched }, text };
}

async function listVersions(store: ListStore) {
  const [pointer, records] = await Promise.all([store.readPointer(), store.readRecords()]);
  const current = pointer?.version;
  const latest = records.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
  const rows = latest.map(({ version, lists, createdAt, state, retiredAt }) => [
    version,
    whole(lists),
    createdAt,
    version === current
      ? "readers see it"
      : state === "writing"
        ? "not complete"
        : `kept${retiredAt === undefined ? "" : `, replaced at ${retiredAt}`}`,
  ]);
  const text =
    rows.length === 0
      ? `${store.place}: nothing was published.`
      : table([["version", "lists", "run of", ""], ...rows]);
  return { value: { place: store.place, current, versions: latest }, text };
}
