// The network: units as small maps of what they give over the inputs, edges by their weights.

import { css, diverging, ends, isDark, table, classColour, toned } from "./colours";
import { LANGUAGE, TEXT, say, short } from "./messages";
import type { Arrays, Passes, Scene, Step } from "./wire";

const MOST_UNITS = 12; // of a layer; more are counted below it
const SIDE = 28; // points of a unit's map, as the engine sends it
const BESIDE = 62; // pixels between the picture's edges and the middle of the first and of the last layer

interface Box {
  layer: number;
  unit: number;
  x: number;
  y: number;
  side: number;
  beside: boolean; // whether its name stands beside it, since below there is no room
}

interface Edge {
  layer: number;
  from: Box;
  to: Box;
}

/** A column's place as a style: what stands there moves with the picture's width, not a frame later. */
const column = (share: number): string => `calc(${BESIDE}px + (100% - ${2 * BESIDE}px) * ${share})`;

/** A canvas as sharp as the screen; its context counts in CSS pixels. */
export function prepared(canvas: HTMLCanvasElement): [CanvasRenderingContext2D, number, number] {
  const ratio = devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  const w = Math.round(width * ratio);
  const h = Math.round(height * ratio);
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const context = canvas.getContext("2d")!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return [context, width, height];
}

/** Show what is said of a place of a canvas, beside it and within its panel. */
export function placed(tip: HTMLElement, canvas: HTMLElement, x: number, y: number): void {
  tip.hidden = false;
  const panel = canvas.parentElement!;
  const most = panel.clientWidth - tip.offsetWidth - 4;
  tip.style.left = `${Math.max(4, Math.min(canvas.offsetLeft + x + 14, most))}px`;
  const below = canvas.offsetTop + y + 14;
  const above = canvas.offsetTop + y - tip.offsetHeight - 10;
  tip.style.top = `${below + tip.offsetHeight > panel.clientHeight ? above : below}px`;
}

/** A small picture of a map of bytes. */
export function picture(bytes: Uint8Array, at: number, side: number, colours: Uint8ClampedArray) {
  const image = new ImageData(side, side);
  for (let p = 0; p < side * side; p++) {
    const c = 4 * bytes[at + p];
    for (let i = 0; i < 4; i++) image.data[4 * p + i] = colours[c + i];
  }
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  canvas.getContext("2d")!.putImageData(image, 0, 0);
  return canvas;
}

export class NetworkView {
  private scene: Scene | null = null;
  private arrays: Arrays = {};
  private boxes: Box[][] = [];
  private edges: Edge[] = [];
  private hovered: Edge | Box | null = null;
  private passes: Passes | null = null;
  private known = -1; // the number of a pass that is looked at
  private hidden = false; // whether it is still to be guessed
  /** Where each layer stands, and how far they are apart, so that its buttons stand above it. */
  onLayout: (places: string[], gap: number) => void = () => {};

  constructor(
    private canvas: HTMLCanvasElement,
    private tip: HTMLElement,
  ) {
    canvas.addEventListener("pointermove", (event) => this.hover(event));
    canvas.addEventListener("pointerdown", (event) => this.hover(event)); // a finger does not hover
    canvas.addEventListener("pointerleave", (event) => {
      if (event.pointerType !== "touch") this.leave();
    });
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => this.leave());
    new ResizeObserver(() => {
      this.leave(); // what it was about is elsewhere now
      this.lay();
      this.draw();
    }).observe(canvas);
  }

  setScene(scene: Scene): void {
    this.scene = scene;
    this.arrays = {};
    this.leave();
    this.lay();
  }

  /** Both passes of a row, up to a number; none to show none. */
  setPasses(found: Passes | null, at: number, hidden: boolean): void {
    [this.passes, this.known, this.hidden] = [found, at, hidden];
    this.draw();
  }

  private get step(): Step | null {
    return this.passes?.steps[this.known] ?? null;
  }

  setFrame(arrays: Arrays): void {
    this.arrays = arrays;
    this.draw();
    if (this.hovered) this.describe();
  }

  private lay(): void {
    if (!this.scene) return;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const sizes = this.scene.sizes;
    const gap = (width - 2 * BESIDE) / Math.max(1, sizes.length - 1);
    const columns = sizes.map((_, k) => BESIDE + gap * k);
    this.boxes = sizes.map((size, layer) => {
      const count = Math.min(size, MOST_UNITS);
      const labelled = layer === 0 || layer === sizes.length - 1;
      const pitch = Math.min(labelled ? 70 : 58, (height - 34) / count);
      const side = Math.max(12, Math.min(42, pitch - 7, gap * 0.55));
      const top = height / 2 - (pitch * (count - 1)) / 2;
      return Array.from({ length: count }, (_, unit) => ({
        layer,
        unit,
        beside: count > 1 && pitch < side + 18,
        side,
        x: columns[layer],
        y: top + pitch * unit,
      }));
    });
    this.edges = this.boxes.slice(1).flatMap((to, layer) =>
      to.flatMap((b) => this.boxes[layer].map((a) => ({ layer, from: a, to: b }))),
    );
    this.onLayout(sizes.map((_, k) => column(k / Math.max(1, sizes.length - 1))), gap);
  }

  private weight(edge: Edge): number {
    const found = this.arrays[`Omega_${edge.layer}`];
    return found ? found.data[edge.from.unit * found.shape[1] + edge.to.unit] : 0;
  }

  draw(): void {
    if (!this.scene) return;
    const [context, , height] = prepared(this.canvas);
    this.drawEdges(context);
    const colours = table((byte) => diverging((byte - 128) / 127));
    for (const layer of this.boxes) for (const box of layer) this.drawBox(context, box, colours);
    if (this.passes) this.drawNumbers(context);
    context.fillStyle = isDark() ? "#9aa1ab" : "#6b7178";
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "center";
    this.scene.sizes.forEach((size, layer) => {
      if (size > MOST_UNITS) {
        context.fillText(`+ ${size - MOST_UNITS}`, this.boxes[layer][0].x, height - 6);
      }
    });
  }

  private drawEdges(context: CanvasRenderingContext2D): void {
    if (!this.isWeighed) return this.drawFan(context);
    const [low, high] = ends();
    const largest: number[] = [];
    for (const edge of this.edges) {
      largest[edge.layer] = Math.max(largest[edge.layer] ?? 1e-9, Math.abs(this.weight(edge)));
    }
    for (const edge of this.edges) {
      const weight = this.weight(edge);
      const share = Math.abs(weight) / largest[edge.layer];
      const chosen = edge === this.hovered || this.isAt(edge);
      context.strokeStyle = css(weight < 0 ? low : high, chosen ? 1 : 0.12 + 0.7 * share);
      context.lineWidth = chosen ? 4 : 0.5 + 3.2 * share;
      context.stroke(path(edge));
    }
  }

  /** Whether weights are known: of very many none is sent. */
  private get isWeighed(): boolean {
    return "Omega_0" in this.arrays;
  }

  /** Edges without weights, and why they are so. */
  private drawFan(context: CanvasRenderingContext2D): void {
    context.strokeStyle = isDark() ? "rgb(154 161 171 / 0.14)" : "rgb(107 113 120 / 0.14)";
    context.lineWidth = 1;
    for (const edge of this.edges) context.stroke(path(edge));
    if (!Object.keys(this.arrays).length) return;
    const sizes = this.scene!.sizes;
    const n = sizes.slice(1).reduce((sum, size, k) => sum + size * sizes[k], 0);
    context.fillStyle = isDark() ? "#9aa1ab" : "#6b7178";
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "center";
    const text = say(TEXT.tooLarge, { n: n.toLocaleString(LANGUAGE) });
    context.fillText(text, this.canvas.clientWidth / 2, 12);
  }

  private isAt(edge: Edge): boolean {
    const step = this.step;
    if (!step || step.source === null) return false;
    return edge.to.layer === step.layer && edge.to.unit === step.unit && edge.from.unit === step.source;
  }

  /** What is known at each unit: its last number so far, and where the pass has come to. */
  private drawNumbers(context: CanvasRenderingContext2D): void {
    const now = this.step;
    const last = new Map<string, Step>();
    const upTo = this.hidden ? this.known : this.known + 1;
    for (const step of this.passes!.steps.slice(0, upTo)) {
      if (step.source === null && step.unit >= 0 && OF_A_UNIT.test(step.name)) last.set(`${step.layer} ${step.unit}`, step);
    }
    const { x } = this.passes!;
    const inputs = x.length === this.scene!.sizes[0]; // else the first boxes are what embeds them
    for (const box of this.boxes.flat()) {
      const step = last.get(`${box.layer} ${box.unit}`);
      const given = inputs && box.layer === 0 ? x[box.unit] : undefined;
      if (step) this.number(context, box, `${letter(step.name)} ${short(step.value)}`);
      else if (given !== undefined) this.number(context, box, `x ${short(given)}`);
      if (now && now.source === null && now.layer === box.layer && now.unit === box.unit) {
        context.strokeStyle = css(ends()[1]);
        context.lineWidth = 3;
        context.beginPath();
        context.roundRect(box.x - box.side / 2 - 3, box.y - box.side / 2 - 3, box.side + 6, box.side + 6, 6);
        context.stroke();
      }
    }
  }

  private number(context: CanvasRenderingContext2D, box: Box, text: string): void {
    context.font = "11px ui-monospace, Menlo, monospace";
    context.textAlign = "center";
    const wide = context.measureText(text).width + 8;
    const y = box.y - 8;
    context.fillStyle = isDark() ? "rgb(16 18 21 / 0.9)" : "rgb(255 255 255 / 0.92)";
    context.beginPath();
    context.roundRect(box.x - wide / 2, y, wide, 16, 4);
    context.fill();
    context.fillStyle = isDark() ? "#e6e9ee" : "#24282d";
    context.fillText(text, box.x, y + 12);
  }

  private drawBox(context: CanvasRenderingContext2D, box: Box, colours: Uint8ClampedArray): void {
    const { x, y, side } = box;
    const left = x - side / 2;
    const top = y - side / 2;
    context.save();
    context.beginPath();
    context.roundRect(left, top, side, side, 4);
    context.fillStyle = isDark() ? "#1e2126" : "#fafaf8";
    context.fill();
    context.clip();
    this.drawContent(context, box, left, top, colours);
    context.restore();
    const state = this.state(box);
    const chosen = this.hovered === box;
    context.setLineDash(state === 1 ? [3, 3] : []);
    context.strokeStyle = state ? "#c2410c" : isDark() ? "#59606a" : "#b4b8bd";
    context.lineWidth = chosen ? 2.5 : state ? 2 : 1;
    context.beginPath();
    context.roundRect(left, top, side, side, 4);
    context.stroke();
    context.setLineDash([]);
    if (box.layer === 0) this.label(context, box, this.input(box));
    if (box.layer === this.scene!.sizes.length - 1) {
      const classes = this.scene!.classes;
      const many = this.scene!.sizes.at(-1)! > 1;
      this.label(context, box, classes && many ? classes[box.unit] : this.scene!.target);
    }
  }

  /** The name of an input; numbers that embed inputs have none. */
  private input(box: Box): string {
    const { inputs, sizes } = this.scene!;
    return inputs.length === sizes[0] ? inputs[box.unit] : `e[${box.unit + 1}]`;
  }

  private label(context: CanvasRenderingContext2D, box: Box, text: string): void {
    context.fillStyle = isDark() ? "#c9ced6" : "#3b4047";
    context.font = "12px system-ui, sans-serif";
    const most = box.beside ? 7 : 13;
    const end = box.beside ? 3 : 0; // names of many inputs differ there
    const shown = text.length > most ? `${text.slice(0, most - 1 - end)}…${end ? text.slice(-end) : ""}` : text;
    context.textAlign = !box.beside ? "center" : box.layer ? "left" : "right";
    const away = (box.side / 2 + 4) * (box.layer ? 1 : -1);
    if (box.beside) context.fillText(shown, box.x + away, box.y + 4);
    else context.fillText(shown, box.x, box.y + box.side / 2 + 14);
  }

  private drawContent(
    context: CanvasRenderingContext2D,
    box: Box,
    left: number,
    top: number,
    colours: Uint8ClampedArray,
  ): void {
    const last = this.scene!.sizes.length - 1;
    if (box.layer === 0) this.drawInput(context, box, left, top);
    else if (box.layer < last) {
      const units = this.arrays[`units_${box.layer - 1}`];
      if (!units || box.unit >= units.shape[0]) return;
      const each = units.shape[1];
      if (units.data instanceof Uint8Array) {
        const image = picture(units.data, box.unit * each, SIDE, colours);
        context.drawImage(image, left, top, box.side, box.side);
      } else {
        line(context, units.data.subarray(box.unit * each, (box.unit + 1) * each), box);
      }
    } else this.drawOutput(context, box, left, top);
  }

  private drawInput(context: CanvasRenderingContext2D, box: Box, left: number, top: number): void {
    const { axes, inputs, sizes } = this.scene!;
    const place = axes.findIndex((axis) => axis.input === box.unit);
    if (place < 0 || inputs.length !== sizes[0]) return;
    const n = 12;
    for (let k = 0; k < n; k++) {
      context.fillStyle = css(diverging((2 * k) / (n - 1) - 1));
      const at = (box.side * k) / n;
      const wide = box.side / n + 0.6;
      if (place === 0) context.fillRect(left + at, top, wide, box.side);
      else context.fillRect(left, top + box.side - at - wide, box.side, wide);
    }
  }

  private drawOutput(context: CanvasRenderingContext2D, box: Box, left: number, top: number): void {
    const outputs = this.arrays.outputs;
    if (!outputs) return;
    const each = outputs.shape[1];
    const own = outputs.data.subarray(box.unit * each, (box.unit + 1) * each);
    if (this.scene!.axes.length === 1) {
      line(context, own as Float32Array, box);
      return;
    }
    const side = Math.round(Math.sqrt(each));
    const many = outputs.shape[0] > 1;
    const colours = many
      ? table((byte) => toned(classColour(box.unit), byte / 255))
      : table((byte) => diverging((2 * byte) / 255 - 1));
    const bytes = own instanceof Uint8Array ? own : scaled(own);
    context.drawImage(picture(bytes, 0, side, colours), left, top, box.side, box.side);
  }

  private state(box: Box): number {
    return this.arrays[`states_${box.layer - 1}`]?.data[box.unit] ?? 0;
  }

  private hover(event: PointerEvent): void {
    const place = this.canvas.getBoundingClientRect();
    const x = event.clientX - place.left;
    const y = event.clientY - place.top;
    const box = this.boxes
      .flat()
      .find((b) => Math.abs(b.x - x) <= b.side / 2 && Math.abs(b.y - y) <= b.side / 2);
    const found = box ?? this.nearest(x, y);
    if (found) this.look(found, x, y);
    else this.leave();
  }

  /** Say what a unit or an edge is. */
  private look(found: Box | Edge, x: number, y: number): void {
    this.hovered = found;
    this.draw();
    this.describe();
    placed(this.tip, this.canvas, x, y);
  }

  /** Arrows go from unit to unit, Enter goes through the weights of one. */
  private key(event: KeyboardEvent): void {
    const ways: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = ways[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !this.boxes.length) return;
    if (event.key === "Escape" && this.hovered) this.leave();
    else if (event.key === "Enter") this.nextEdge();
    else if (way) this.go(...way);
    else return;
    event.preventDefault();
    event.stopPropagation(); // arrows are those of both passes, too
  }

  /** The unit that keys have come to: of a weight, the one that reads it. */
  private get unit(): Box | null {
    if (!this.hovered) return null;
    if (!("from" in this.hovered)) return this.hovered;
    return this.hovered.to;
  }

  private go(across: number, down: number): void {
    const now = this.unit;
    const layer = now ? Math.max(0, Math.min(this.boxes.length - 1, now.layer + across)) : 0;
    const boxes = this.boxes[layer];
    const box = boxes[Math.max(0, Math.min(boxes.length - 1, now ? now.unit + down : 0))];
    this.look(box, box.x, box.y);
  }

  private nextEdge(): void {
    const now = this.unit;
    if (!now || !now.layer || !this.isWeighed) return;
    const edges = this.edges.filter((edge) => edge.to === now);
    const edge = edges[(edges.indexOf(this.hovered as Edge) + 1) % edges.length];
    this.look(edge, (edge.from.x + edge.to.x) / 2, (edge.from.y + edge.to.y) / 2);
  }

  private leave(): void {
    this.tip.hidden = true;
    if (this.hovered) {
      this.hovered = null;
      this.draw();
    }
  }

  private nearest(x: number, y: number): Edge | null {
    if (!this.isWeighed) return null;
    let best: Edge | null = null;
    let least = 6;
    for (const edge of this.edges) {
      const [x0, y0, x1, y1] = terms(edge);
      if (x < x0 || x > x1) continue;
      const t = (x - x0) / (x1 - x0);
      const s = t * t * (3 - 2 * t); // close to the curve that is drawn
      const distance = Math.abs(y0 + (y1 - y0) * s - y);
      if (distance < least) {
        least = distance;
        best = edge;
      }
    }
    return best;
  }

  private describe(): void {
    const found = this.hovered!;
    if ("from" in found) {
      const { layer, from, to } = found;
      const names = `Ω${layer}[${from.unit + 1}, ${to.unit + 1}]`;
      this.tip.textContent = `${names} = ${this.weight(found).toPrecision(5)}`;
      return;
    }
    const bias = this.arrays[`beta_${found.layer - 1}`]?.data[found.unit];
    const lines: string[] = [];
    if (found.layer === 0) lines.push(this.input(found));
    else {
      const last = found.layer === this.scene!.sizes.length - 1;
      const a = last ? this.scene!.output : this.scene!.activations[found.layer - 1];
      const given = this.scene!.inputs.length === this.scene!.sizes[0] ? "x" : "e";
      const read = found.layer === 1 ? given : `h${found.layer - 1}`;
      const own = last ? "y" : `h${found.layer}`;
      const index = `[${found.unit + 1}]`;
      lines.push(`${own}${index} = ${a}(β${found.layer - 1}${index} + Ω${found.layer - 1}ᵀ ${read})`);
      if (bias !== undefined) lines.push(`β = ${bias.toPrecision(5)}`);
      const range = this.arrays[`units_${found.layer - 1}_range`]?.data[found.unit];
      if (range !== undefined) lines.push(say(TEXT.onMap, { n: short(range) }));
    }
    const state = this.state(found);
    if (state) lines.push(state === 1 ? TEXT.dead : TEXT.saturated);
    this.tip.textContent = lines.join("\n");
  }
}

/** Names of what a unit gives, or of its gradient: not those of its bias. */
const OF_A_UNIT = /^(dL\/d)?([fghn]_|y)/;

/** What a number is called in short: f, h, y, ∂f for dL/df. */
function letter(name: string): string {
  return /^∂?[a-z]+/.exec(name.replace(/^dL\/d/, "∂"))?.[0] ?? "";
}

function terms(edge: Edge): [number, number, number, number] {
  return [
    edge.from.x + edge.from.side / 2,
    edge.from.y,
    edge.to.x - edge.to.side / 2,
    edge.to.y,
  ];
}

function path(edge: Edge): Path2D {
  const [x0, y0, x1, y1] = terms(edge);
  const bend = (x1 - x0) * 0.45;
  const found = new Path2D();
  found.moveTo(x0, y0);
  found.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
  return found;
}

function line(context: CanvasRenderingContext2D, values: Float32Array, box: Box): void {
  const largest = values.reduce((a, v) => Math.max(a, Math.abs(v)), 1e-9);
  const left = box.x - box.side / 2;
  context.strokeStyle = isDark() ? "#454b54" : "#dcdedf";
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(left, box.y);
  context.lineTo(left + box.side, box.y);
  context.stroke();
  context.strokeStyle = css(ends()[1]);
  context.lineWidth = 1.6;
  context.beginPath();
  values.forEach((value, k) => {
    const x = left + (box.side * k) / (values.length - 1);
    const y = box.y - (value / largest) * box.side * 0.42;
    if (k) context.lineTo(x, y);
    else context.moveTo(x, y);
  });
  context.stroke();
}

/** Numbers as bytes, the least as 0 and the largest as 255. */
export function scaled(values: Float32Array | Uint8Array): Uint8Array {
  let low = Infinity;
  let high = -Infinity;
  for (const v of values) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  const range = high - low || 1;
  return Uint8Array.from(values, (v) => Math.round((255 * (v - low)) / range));
}
