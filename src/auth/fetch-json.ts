/** In charge of fetching JSON from a provider: with a deadline, without redirects, and never more than fits. */
const deadlineMillis = 3_000;
const largestBody = 262_144;

/** Fetches JSON. Rejects for whatever isn't a small JSON text within three seconds. */
export async function fetchJson(url: string, fetch: typeof globalThis.fetch): Promise<unknown> {
  const signal = AbortSignal.timeout(deadlineMillis);
  const response = await fetch(url, {
    signal,
    redirect: "error",
    headers: { accept: "application/jwk-set+json, application/json" },
  });
  if (!response.ok || response.body === null) throw new Error(`the address answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > largestBody) throw new Error(`the answer is larger than ${largestBody} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
