import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import type { CurveCell, CurvePoint } from "./curves.js";

const PANEL = { width: 380, height: 260, left: 48, right: 14, top: 34, bottom: 42 };
const LEGEND_ROW = 18;
const LEGEND_COLUMNS = 4;
/** Colours that can be distinguished with any colour vision (Okabe and Ito), and two greys. */
const COLOURS = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#000000",
  "#b8a900",
  "#7f7f7f",
];
/** Line styles: dashed once every colour is taken. */
const DASHES = ["", "5 3", "2 2"];
const LOOP_NAMES = { published: "published loop", demand: "demand-driven loop" };

/** Plots the target's calls against nodes, both per user, as SVG: one panel per loop and beam width, one curve per method over N. */
export function plotCurves(cells: readonly CurveCell[]): string {
  const loops = [...new Set(cells.map(({ loop }) => loop))];
  const beamWidths = [...new Set(cells.map(({ beamWidth }) => beamWidth))];
  const methods = [...new Set(cells.flatMap(({ curves }) => curves.map(({ method }) => method)))];
  const width = Math.max(1, beamWidths.length) * PANEL.width;
  const panels = cells.map((cell) => {
    const x = beamWidths.indexOf(cell.beamWidth) * PANEL.width;
    const y = loops.indexOf(cell.loop) * PANEL.height;
    const peers = cells.filter(({ beamWidth }) => beamWidth === cell.beamWidth);
    return `<g transform="translate(${x} ${y})">${panel(cell, { peers, methods })}</g>`;
  });
  const top = loops.length * PANEL.height;
  const height = top + (Math.ceil(methods.length / LEGEND_COLUMNS) + 1) * LEGEND_ROW;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...panels,
    legend(methods, { top, width }),
    "</svg>",
    "",
  ].join("\n");
}

function panel(
  cell: CurveCell,
  { peers, methods }: { peers: readonly CurveCell[]; methods: readonly string[] },
): string {
  // Panels of one beam width share their scales, so that loops can be compared by eye.
  const points = peers.flatMap(({ curves, plain }) => [
    plain,
    ...curves.flatMap((curve) => curve.points),
  ]);
  const x = scaleLinear()
    .domain([0, Math.max(...points.map(({ nodesPerUser }) => nodesPerUser))])
    .nice()
    .range([PANEL.left, PANEL.width - PANEL.right]);
  const y = scaleLinear()
    .domain([1, Math.max(...points.map(({ callsPerUser }) => callsPerUser))])
    .nice()
    .range([PANEL.height - PANEL.bottom, PANEL.top]);
  const draw = line<CurvePoint>()
    .x(({ nodesPerUser }) => x(nodesPerUser))
    .y(({ callsPerUser }) => y(callsPerUser))
    .digits(1);
  const curves = cell.curves.map(({ method, points }) => {
    const { colour, dash } = look(methods.indexOf(method));
    const marks = points.map(
      (point) =>
        `<circle cx="${x(point.nodesPerUser).toFixed(1)}" cy="${y(point.callsPerUser).toFixed(1)}" r="2" fill="${colour}"><title>${escaped(method)}, N = ${point.draftWidth}: ${point.callsPerUser.toFixed(2)} calls, ${point.nodesPerUser.toFixed(0)} nodes</title></circle>`,
    );
    const path = `<path d="${draw(points) ?? ""}" fill="none" stroke="${colour}" stroke-width="1.5"${dash}/>`;
    return [path, ...marks].join("");
  });
  const plain = { cx: x(cell.plain.nodesPerUser), cy: y(cell.plain.callsPerUser) };
  const [left, right] = x.range();
  const [bottom, top] = y.range();
  return [
    ...x
      .ticks(5)
      .map(
        (tick) =>
          `<text x="${x(tick)}" y="${(bottom ?? 0) + 15}" text-anchor="middle">${tick}</text>`,
      ),
    ...y
      .ticks(5)
      .map(
        (tick) =>
          `<path d="M${left} ${y(tick)}H${right}" stroke="#e5e5e5"/><text x="${(left ?? 0) - 6}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
      ),
    `<path d="M${left} ${top}V${bottom}H${right}" fill="none" stroke="#444"/>`,
    `<text x="${left}" y="${PANEL.top - 14}" font-weight="bold">K = ${cell.beamWidth}, ${LOOP_NAMES[cell.loop]}</text>`,
    `<text x="${((left ?? 0) + (right ?? 0)) / 2}" y="${PANEL.height - 10}" text-anchor="middle">nodes per user</text>`,
    `<text transform="translate(14 ${((top ?? 0) + (bottom ?? 0)) / 2}) rotate(-90)" text-anchor="middle">calls per user</text>`,
    ...curves,
    `<path d="M${plain.cx - 4} ${plain.cy - 4}l8 8m0 -8l-8 8" stroke="#000" stroke-width="1.5"><title>plain search</title></path>`,
  ].join("\n");
}

function legend(methods: readonly string[], place: { top: number; width: number }): string {
  const column = place.width / LEGEND_COLUMNS;
  return ["plain search", ...methods]
    .map((method, at) => {
      const x = 14 + (at % LEGEND_COLUMNS) * column;
      const y = place.top + (Math.floor(at / LEGEND_COLUMNS) + 0.5) * LEGEND_ROW;
      const { colour, dash } = look(at - 1);
      const mark =
        at === 0
          ? `<path d="M${x + 7} ${y - 4}l8 8m0 -8l-8 8" stroke="#000" stroke-width="1.5"/>`
          : `<path d="M${x} ${y}h22" stroke="${colour}" stroke-width="2"${dash}/>`;
      return `${mark}<text x="${x + 28}" y="${y + 4}">${escaped(method)}</text>`;
    })
    .join("\n");
}

function look(at: number): { colour: string; dash: string } {
  const colour = COLOURS[at % COLOURS.length] ?? "#000";
  const dash = DASHES[Math.floor(at / COLOURS.length) % DASHES.length] ?? "";
  return { colour, dash: dash === "" ? "" : ` stroke-dasharray="${dash}"` };
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
