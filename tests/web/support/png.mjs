// Writes a PNG with a palette (https://www.w3.org/TR/png-3/): small, for drawings of few colours.

import { crc32, deflateSync } from "node:zlib";

/** As many colours as a byte names. */
const MAX_COLOURS = 256;

/**
 * RGBA pixels as a PNG; opaque. The most frequent colours are the palette, and every other pixel has the nearest of them.
 *
 * @param {Uint8Array} rgba
 * @param {number} width
 * @param {number} height
 */
export function encodePng(rgba, width, height) {
  const colourAt = (i) => (rgba[4 * i] << 16) | (rgba[4 * i + 1] << 8) | rgba[4 * i + 2];
  const counts = new Map();
  for (let i = 0; i < width * height; i++) counts.set(colourAt(i), (counts.get(colourAt(i)) ?? 0) + 1);
  // Ties by the colour itself, so that the same pixels are the same file.
  const palette = [...counts].sort(([a, m], [b, n]) => n - m || a - b).slice(0, MAX_COLOURS).map(([colour]) => colour);
  const indices = new Map(palette.map((colour, i) => [colour, i]));
  const indexOf = (colour) => {
    if (!indices.has(colour)) indices.set(colour, nearest(palette, colour));
    return indices.get(colour);
  };
  // A row begins with its filter: none.
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = indexOf(colourAt(y * width + x));
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  const chunks = [["IHDR", header], ["PLTE", colours], ["IDAT", deflateSync(rows, { level: 9 })], ["IEND", Buffer.alloc(0)]];
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), ...chunks.map(chunk)]);
}

/** Length, name, data and check sum of name and data. */
function chunk([name, data]) {
  const named = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

function nearest(palette, colour) {
  const distance = (other) => [16, 8, 0].reduce((sum, shift) => sum + (((other >> shift) & 255) - ((colour >> shift) & 255)) ** 2, 0);
  let best = 0;
  palette.forEach((other, i) => {
    if (distance(other) < distance(palette[best])) best = i;
  });
  return best;
}
