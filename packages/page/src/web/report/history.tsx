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
        // biome-ignore lint/suspicious/noArrayIndexKey: an item can occur twice
        <li key={place}>{title}</li>
      ))}
    </ol>
  );
}
