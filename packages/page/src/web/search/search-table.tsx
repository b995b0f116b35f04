import { countStates, type SearchModel, type SearchStep } from "./search-model.js";

/** The numbers of the picture, level by level, for those who cannot see it. */
export function SearchTable({
  model,
  step,
}: {
  readonly model: SearchModel;
  readonly step: SearchStep;
}) {
  const { levels, prefixes } = model;
  const rows = Array.from({ length: levels + 1 }, (_, depth) => {
    const ofLevel = prefixes.filter((prefix) => prefix.depth === depth);
    const inBeam = ofLevel.filter(({ node }) => node.kept && depth <= step.settled).length;
    return { depth, inBeam, ...countStates(ofLevel, step) };
  });
  return (
    <details class="values">
      <summary>The picture as a table</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">level</th>
            <th scope="col">kept</th>
            <th scope="col">asked, as missing</th>
            <th scope="col">drafted and needed</th>
            <th scope="col">drafted for nothing</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ depth, inBeam, target, hit, miss }) => (
            <tr key={depth}>
              <th scope="row">{depth === 0 ? "prompt" : depth === levels ? "items" : depth}</th>
              <td>{inBeam}</td>
              <td>{target}</td>
              <td>{hit}</td>
              <td>{miss}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
