import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

export interface PanelProps {
  readonly title: string;
  /** Beside the title. */
  readonly note?: ComponentChildren;
  /** At the end of the line of the title, such as buttons. */
  readonly end?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** A titled part of a page. */
export function Panel({ title, note, end, class: name = "", children }: PanelProps) {
  const id = useId();
  return (
    <section class={`panel ${name}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {note === undefined ? null : <span class="note">{note}</span>}
        {end === undefined ? null : <div class="end">{end}</div>}
      </header>
      {children}
    </section>
  );
}

/** What a part says that has nothing to show. */
export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}
