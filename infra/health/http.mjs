// Exits with 0 if an address answers with success: node http.mjs http://127.0.0.1:7080/healthz
const [, , url = ""] = process.argv;

try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(4_000) });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}
