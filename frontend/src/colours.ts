// Colours that are told apart without red and green, on a light and on a dark page.

export type Rgb = [number, number, number];

const dark = matchMedia("(prefers-color-scheme: dark)");

export const isDark = (): boolean => dark.matches;

export function onTheme(act: () => void): void {
  dark.addEventListener("change", act);
}

export const POSITIVE: Rgb = [24, 104, 178];
export const NEGATIVE: Rgb = [214, 96, 18];
const POSITIVE_DARK: Rgb = [96, 168, 240];
const NEGATIVE_DARK: Rgb = [245, 150, 66];

export function ends(): [Rgb, Rgb] {
  return isDark() ? [NEGATIVE_DARK, POSITIVE_DARK] : [NEGATIVE, POSITIVE];
}

export const middle = (): Rgb => (isDark() ? [30, 33, 38] : [250, 250, 248]);

const CLASSES: Rgb[] = [
  [214, 96, 18],
  [24, 104, 178],
  [0, 140, 105],
  [186, 92, 148],
  [150, 118, 0],
  [70, 150, 205],
  [110, 110, 110],
  [120, 70, 170],
  [190, 60, 60],
  [40, 40, 90],
];

export const classColour = (k: number): Rgb => CLASSES[k % CLASSES.length];

/** Between a colour and the page's middle: 0 is the middle. */
export function toned(colour: Rgb, share: number): Rgb {
  const m = middle();
  const s = Math.max(0, Math.min(1, share));
  return [0, 1, 2].map((i) => Math.round(m[i] + (colour[i] - m[i]) * s)) as Rgb;
}

/** From -1 to 1. */
export function diverging(value: number): Rgb {
  const [low, high] = ends();
  return toned(value < 0 ? low : high, Math.abs(value));
}

export const css = (c: Rgb, alpha = 1): string => `rgb(${c[0]} ${c[1]} ${c[2]} / ${alpha})`;

/** A table of 256 colours, so that a map of bytes is drawn by looking up. */
export function table(of: (value: number) => Rgb): Uint8ClampedArray {
  const found = new Uint8ClampedArray(256 * 4);
  for (let k = 0; k < 256; k++) {
    const c = of(k);
    found.set([c[0], c[1], c[2], 255], 4 * k);
  }
  return found;
}
