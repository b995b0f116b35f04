import { percent } from "./format.js";

export interface BarPart {
  /** The name of a colour: `committed`, `active`, … */
  readonly tone: string;
  readonly value: number;
}

export interface BarProps {
  readonly parts: readonly BarPart[];
  readonly total: number;
  /** What it shows, for screen readers. */
  readonly label: string;
}

/** A bar of several parts of a whole; the first part counts as progress. */
export function Bar({ parts, total, label }: BarProps) {
  const [first] = parts;
  const shareOf = (value: number) => (total === 0 ? 0 : Math.min(1, value / total));
  const done = shareOf(first?.value ?? 0);
  return (
    <div
      class="bar"
      role="progressbar"
      aria-label={label}
      aria-valuenow={Math.floor(done * 100)}
      aria-valuetext={percent(done)}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      {parts.map(({ tone, value }) => (
        <span key={tone} class={`tone-${tone}`} style={{ width: `${shareOf(value) * 100}%` }} />
      ))}
    </div>
  );
}
