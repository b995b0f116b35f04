import { render } from "preact";
import { Shell } from "./shell.js";
import { PageProvider, pageState } from "./state.js";

const root = document.getElementById("page");
if (root !== null) {
  const page = pageState({ window, page: root.dataset.version ?? "" });
  render(
    <PageProvider value={page}>
      <Shell />
    </PageProvider>,
    root,
  );
  afterPaint(() => {
    void page.enter().catch((error: unknown) => {
      page.notice.value = error instanceof Error ? error.message : String(error);
    });
  });
}

/** The frame of the page is painted before the answers of the scheduler keep the thread busy. */
function afterPaint(work: () => void): void {
  if (document.visibilityState === "hidden") work();
  else requestAnimationFrame(() => setTimeout(work));
}
