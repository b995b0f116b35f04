/** A state as a word and a colour. */
export function StateChip({
  state,
  tone = state,
}: {
  readonly state: string;
  readonly tone?: string;
}) {
  return (
    <span class={`chip tone-${tone}`}>
      <i aria-hidden="true" />
      {state}
    </span>
  );
}
