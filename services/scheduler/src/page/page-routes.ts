import { createHash } from "node:crypto";
import { readAsset } from "@nightbeam/page";
import { Hono } from "hono";
import { SchedulerError } from "../errors.js";

/** The page: a static document with one script and one stylesheet. */
export interface Page {
  /** The hash of its files. */
  readonly version: string;
  readonly html: string;
  /** Its files by the names that `html` has, which contain their hashes. */
  readonly files: ReadonlyMap<string, { readonly type: string; readonly text: string }>;
}

/** Scripts, styles and requests from and to the scheduler alone. Icons are in the document. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const SECURITY_HEADERS = {
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
};

/** Reads the files of the page. */
export async function readPage(): Promise<Page> {
  const [script, style] = await Promise.all([readAsset("night.js"), readAsset("style.css")]);
  const scriptName = `night.${hashOf(script)}.js`;
  const styleName = `style.${hashOf(style)}.css`;
  const version = hashOf(script + style);
  return {
    version,
    html: documentWith({ version, script: scriptName, style: styleName }),
    files: new Map([
      [scriptName, { type: "text/javascript; charset=utf-8", text: script }],
      [styleName, { type: "text/css; charset=utf-8", text: style }],
    ]),
  };
}

/** Serves the page. It needs no token: it contains nothing of the cluster, and asks for a login. */
export function pageRoutes(page: Page): Hono {
  const app = new Hono();
  app.get("/", (context) => {
    return context.html(page.html, 200, { ...SECURITY_HEADERS, "Cache-Control": "no-cache" });
  });
  app.get("/assets/:name", (context) => {
    const file = page.files.get(context.req.param("name"));
    if (file === undefined) {
      throw new SchedulerError("NOT_FOUND", "The page has no such file. Reload the page.");
    }
    return context.body(file.text, 200, {
      ...SECURITY_HEADERS,
      "Content-Type": file.type,
      "Cache-Control": "public, max-age=31536000, immutable",
    });
  });
  return app;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='7' fill='%23151b2e'/%3E%3Cg fill='none' stroke-linecap='round' stroke-width='2.6'%3E%3Cpath stroke='%23647299' d='M8 16 L16 9 M8 16 L16 23 M16 9 L24 6'/%3E%3Cpath stroke='%236ea8ff' d='M8 16 L16 16 L24 13 M16 16 L24 20'/%3E%3C/g%3E%3C/svg%3E";

function documentWith({
  version,
  script,
  style,
}: Readonly<Record<"version" | "script" | "style", string>>) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Nightbeam</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href="/assets/${style}">
<link rel="preload" href="/v1/session" as="fetch" crossorigin>
<script src="/assets/${script}" defer></script>
</head>
<body>
<div id="page" data-version="${version}"></div>
<noscript>The page of Nightbeam needs JavaScript. The same facts are on the command line: nightbeam status.</noscript>
</body>
</html>
`;
}
