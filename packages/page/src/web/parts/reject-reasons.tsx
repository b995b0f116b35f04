import { whole } from "./format.js";

export interface RejectReasonsProps {
  readonly reasons: readonly {
    readonly reason: string;
    readonly count: number;
    readonly samples: readonly {
      readonly row: number;
      readonly user?: string;
      readonly detail: string;
    }[];
  }[];
}

/** Rejected rows by reason, with samples. */
export function RejectReasons({ reasons }: RejectReasonsProps) {
  const max = Math.max(1, ...reasons.map(({ count }) => count));
  return (
    <ul class="reasons">
      {reasons.map(({ reason, count, samples }) => (
        <li key={reason}>
          <div class="reason">
            <b>{reason}</b>
            <span class="meter" aria-hidden="true">
              <i style={{ width: `${(count / max) * 100}%` }} />
            </span>
            <span class="number">{whole(count)}</span>
          </div>
          <ul class="samples">
            {samples.map(({ row, user, detail }) => (
              <li key={row}>
                row {whole(row)}
                {user === undefined ? "" : `, user ${user}`}: {detail}
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  );
}
