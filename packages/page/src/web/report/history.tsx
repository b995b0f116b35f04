/** What a user took, latest first. */
export function History({
  user,
  titles,
}: {
  readonly user: string;
  readonly titles: readonly string[];
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a long history scrolls, by the keyboard too
    <ol class="history" tabIndex={0} aria-label={`What ${user} took, latest first`}>
      {titles.toReversed().map((title, place) => (
        <li key={place}>{title}</li>
      ))}
    </ol>
  );
}
