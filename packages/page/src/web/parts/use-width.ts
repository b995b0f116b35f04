import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** The width of an element in pixels, also after it has changed. 0 before it is shown. */
export function useWidth<Shown extends HTMLElement>() {
  const ref = useRef<Shown>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const shown = ref.current;
    if (shown === null) return;
    setWidth(shown.clientWidth);
    const observer = new ResizeObserver(() => setWidth(shown.clientWidth));
    observer.observe(shown);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}
