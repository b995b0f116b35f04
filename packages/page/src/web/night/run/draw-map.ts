import type { MapLayout } from "./map-layout.js";

export interface Drawing {
  readonly states: Uint8Array;
  readonly layout: MapLayout;
  /** One per state, as 0xAABBGGRR. */
  readonly colours: readonly number[];
  /** Device pixels per CSS pixel. */
  readonly scale: number;
}

/**
 * The map as pixels. Each row of cells is drawn once as a line of pixels, which is then copied: 100,000 shards take some
 * milliseconds.
 */
export function mapPixels({ states, layout, colours, scale }: Drawing): {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint32Array<ArrayBuffer>;
} {
  const { columns, rows } = layout;
  const step = Math.max(1, Math.round(layout.step * scale));
  const size = Math.max(1, Math.round(layout.size * scale));
  const width = columns * step;
  const height = rows * step;
  const pixels = new Uint32Array(width * height);
  for (let row = 0; row < rows; row++) {
    const start = row * step * width;
    const cells = Math.min(columns, states.length - row * columns);
    for (let column = 0; column < cells; column++) {
      const colour = colours[states[row * columns + column] ?? 0] ?? 0;
      const left = start + column * step;
      pixels.fill(colour, left, left + size);
    }
    for (let line = 1; line < size; line++) {
      pixels.copyWithin(start + line * width, start, start + width);
    }
  }
  return { width, height, pixels };
}

/** `#3aa17e` as 0xAABBGGRR, the order of bytes in a canvas. */
export function colourNumber(hex: string): number {
  const [, red = "0", green = "0", blue = "0"] =
    /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex.trim()) ?? [];
  const value = (part: string) => Number.parseInt(part, 16);
  return ((255 << 24) | (value(blue) << 16) | (value(green) << 8) | value(red)) >>> 0;
}
