// What figures are fetched by: a bounded answer, or a word of what came in its place.

/**
 * The bytes at a URL. A host that has not what is asked for may answer with a page that says so, and a broken one with no end.
 *
 * @param {string} url
 * @param {{
 *   signal: AbortSignal, what: string, most: number, tooLarge: string, onBytes?: (done: number) => void,
 * }} options `what` is asked for, `most` bytes of it are read, and `tooLarge` is said where there are more; 0 for no bound.
 */
export async function fetchBytes(url, { signal, what, most, tooLarge, onBytes }) {
  const response = await fetch(url, { signal }).catch((error) => {
    throw signal.aborted ? error : new Error(`${url}: could not be fetched`);
  });
  if (!response.ok || !response.body) throw new Error(`${url}: the server answered ${response.status} ${response.statusText}`);
  if (/^text\/html\b/.test(response.headers.get("content-type") ?? "")) throw new Error(`${url}: the server answered with a web page, not with ${what}`);
  const chunks = [];
  let done = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { value } = await reader.read();
    if (!value) break;
    chunks.push(value);
    done += value.length;
    if (most && done > most) {
      await reader.cancel();
      throw new Error(tooLarge);
    }
    onBytes?.(done);
  }
  return new Blob(chunks).arrayBuffer();
}
