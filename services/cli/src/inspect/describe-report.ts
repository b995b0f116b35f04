import { type CheckpointReport, type NamedToken, PROJECT_PROMPTS } from "@nightbeam/model";
import { facts, listing, whole } from "@nightbeam/service/terminal";

/** Tokens of the example that are shown at its beginning and its end. */
const SHOWN_TOKENS = 12;

/** What `nightbeam inspect` prints. */
export function describeReport(report: CheckpointReport): string {
  const { example } = report;
  return [
    report.directory,
    "",
    facts([...modelFacts(report), ...promptFacts(report)]),
    "",
    listing([["weights per worker", ""], ...memoryRows(report)]),
    "",
    listing([["level", "codes", "example"], ...levelRows(report)]),
    "",
    `prompt of ${example.user === undefined ? "a user" : `the user ${JSON.stringify(example.user)}`} with ${example.history.length} items:`,
    ...(example.text === undefined ? [] : [indent(example.text)]),
    `${example.tokens.length} tokens: ${shortened(example.tokens)}`,
    ...(example.problem === undefined
      ? []
      : [`note: ${example.problem}. The first of the users' tokens is shown`]),
    ...unreadLines(report),
    ...proposalLines(report),
  ].join("\n");
}

function modelFacts(report: CheckpointReport): [string, string][] {
  const { heads, weights } = report;
  return [
    [
      "model",
      `${report.modelType}: ${layersOf(report)}, width ${whole(report.width)}, ${heads.attention} heads (${heads.keyValue} for keys and values)`,
    ],
    [
      "positions",
      report.maxPositions === undefined ? "relative, without an end" : whole(report.maxPositions),
    ],
    [
      "weights",
      `${whole(weights.count)} in ${weights.types.join(", ")}, ${size(weights.bytes)} in ${weights.files.join(", ")}`,
    ],
    ["vocabulary", `${whole(report.vocabularySize)} tokens`],
    ["output layer", report.outputLayer === "own" ? "weights of its own" : "tied to the embedding"],
    ["adapter", report.adapter === undefined ? "none" : `LoRA, merged with ${report.adapter.base}`],
  ];
}

function layersOf({ layers, encoder }: CheckpointReport): string {
  return encoder === undefined
    ? `${layers} layers`
    : `encoder of ${encoder.layers} layers, decoder of ${layers}`;
}

function promptFacts({ proposal, end, encoder, userToken }: CheckpointReport): [string, string][] {
  const closing = end.map((token) => nameOf(token)).join(" ");
  return [
    ["nightbeam.json", proposal === undefined ? "present" : "none: proposed below"],
    ...(userToken === undefined ? [] : [tokenOfUsers(userToken)]),
    ...(encoder === undefined
      ? []
      : [["answers begin after", `token ${encoder.startToken}`] satisfies [string, string]]),
    ["answers end with", closing || "their last code"],
  ];
}

function tokenOfUsers({
  offset,
  buckets,
  by,
  column,
  place,
}: NonNullable<CheckpointReport["userToken"]>): [string, string] {
  const which =
    buckets === 1
      ? `${offset} for all users`
      : `${offset} to ${offset + buckets - 1}, by ${by === "number" ? "the number" : by} in ${column === undefined ? "the user's name" : `the column ${column}`}`;
  return ["token of the user", `${which}, ${place.replace("-", " the ")}`];
}

function memoryRows({ workerBytes }: CheckpointReport): [string, string][] {
  return workerBytes.map(({ device, precision, bytes }) => [
    `--device ${device} --precision ${precision}`,
    size(bytes),
  ]);
}

function levelRows({ levels }: CheckpointReport): string[][] {
  return levels.map(({ codes, example }, level) => [
    String(level),
    whole(codes),
    `code ${example.code} is token ${nameOf(example)}`,
  ]);
}

/** Codes that were added with `normalized=True` may be read as characters inside a text. */
function unreadLines({ example: { unread } }: CheckpointReport): string[] {
  const [first] = unread;
  if (first === undefined) return [];
  return [
    `note: the tokenizer reads ${unread.length} codes of these items as other tokens, such as ${nameOf(first)}: lists are those of`,
    "  transformers with this tokenizer.json; if the model was trained with codes that are tokens, add them again with",
    "  AddedToken(text, normalized=False)",
  ];
}

function proposalLines({ proposal, directory }: CheckpointReport): string[] {
  if (proposal === undefined) return [];
  const { project, spec, reasons } = proposal;
  return [
    "",
    `looks like ${PROJECT_PROMPTS[project].title}:`,
    ...reasons.map((reason) => `  ${reason}`),
    "",
    "nightbeam.json:",
    indent(JSON.stringify(spec, null, 2)),
    "",
    `\`nightbeam inspect ${directory} --write\` puts it into the directory`,
  ];
}

function nameOf({ token, text }: NamedToken): string {
  return text === undefined ? String(token) : `${token} ${JSON.stringify(text)}`;
}

function shortened(tokens: readonly number[]): string {
  if (tokens.length <= 2 * SHOWN_TOKENS) return tokens.join(" ");
  return `${tokens.slice(0, SHOWN_TOKENS).join(" ")} … ${tokens.slice(-SHOWN_TOKENS).join(" ")}`;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}

function size(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  return mebibytes < 1024 ? `${mebibytes.toFixed(1)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}
