// The output over the inputs that are varied, with the rows on it: a map of two, a curve of one.

import { classColour, css, diverging, ends, isDark, middle, table, toned } from "./colours";
import { TEXT, say, short } from "./messages";
import { picture, placed, prepared, scaled } from "./network";
import type { Arrays, Axis, Scene } from "./wire";

const LEFT = 44;
const BOTTOM = 34;
const TOP = 8;
const RIGHT = 8;
const KEYS = 24; // presses of an arrow from one edge to the other

export const PARTS = ["train", "val", "test"] as const;

export class PlaneView {
  private scene: Scene | null = null;
  private rows: Arrays = {};
  private arrays: Arrays = {};
  shown: Record<string, boolean> = { train: true, val: true, test: false };
  /** Whether the map shows what is decided, not how sure it is. */
  discrete = false;
  private looked: [number, number] | null = null; // shares of the area, from its lower left

  /** Somebody has clicked on a row, which is counted among those of its part that are drawn. */
  onRow: (part: string, number: number) => void = () => {};
  private marks: { part: string; number: number; x: number; y: number }[] = [];

  constructor(
    private canvas: HTMLCanvasElement,
    private tip: HTMLElement,
  ) {
    canvas.addEventListener("click", (event) => this.pick(event.offsetX, event.offsetY));
    for (const kind of ["pointermove", "pointerdown"] as const) {
      canvas.addEventListener(kind, (event) => this.hover(event.offsetX, event.offsetY));
    }
    canvas.addEventListener("pointerleave", (event) => {
      if (event.pointerType !== "touch") this.leave(); // a finger does not stay
    });
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => this.leave());
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  setScene(scene: Scene, rows: Arrays): void {
    this.scene = scene;
    this.rows = rows;
    this.arrays = {};
    this.leave();
  }

  setFrame(arrays: Arrays): void {
    this.arrays = arrays;
    this.draw();
    if (this.looked) this.describe();
  }

  private leave(): void {
    this.tip.hidden = true;
    const former = this.looked;
    this.looked = null;
    if (former) this.draw();
  }

  private get area(): Area {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    return { x: LEFT, y: TOP, w: width - LEFT - RIGHT, h: height - TOP - BOTTOM };
  }

  private hover(x: number, y: number): void {
    const { area } = this;
    const [across, up] = [(x - area.x) / area.w, 1 - (y - area.y) / area.h];
    if (across < 0 || across > 1 || up < 0 || up > 1) this.leave();
    else this.look(across, up);
  }

  /** Arrows go over the map. */
  private key(event: KeyboardEvent): void {
    const ways: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const way = ways[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && this.looked) this.leave();
    else if (way) {
      const now = this.looked ?? [0.5, 0.5];
      const [across, up] = now.map((own, k) => Math.max(0, Math.min(1, own + (this.looked ? way[k] / KEYS : 0))));
      this.look(across, up);
    } else return;
    event.preventDefault();
    event.stopPropagation(); // arrows are those of both passes, too
  }

  private look(across: number, up: number): void {
    if (!this.scene?.axes.length || !this.arrays.outputs) return;
    this.looked = [across, up];
    this.draw();
    this.describe();
  }

  /** Inputs at the place that is looked at, and what the network gives there. */
  private describe(): void {
    const { axes, task, classes, target, target_scale: [center, scale] } = this.scene!;
    const outputs = this.arrays.outputs;
    if (!outputs || !this.looked) return;
    const [count, each] = outputs.shape;
    const [across, up] = this.looked;
    const side = axes.length === 1 ? each : Math.round(Math.sqrt(each));
    const column = Math.round(across * (side - 1));
    const at = axes.length === 1 ? column : Math.round((1 - up) * (side - 1)) * side + column;
    const shares = axes.length === 1 ? [column / (side - 1)] : [column / (side - 1), 1 - Math.floor(at / side) / (side - 1)];
    const lines = axes.map((axis, k) => {
      const value = axis.low + (axis.high - axis.low) * shares[k];
      return `${axis.name} = ${short(value * axis.scale + axis.center)}`;
    });
    const bytes = outputs.data instanceof Uint8Array;
    for (let k = 0; k < count; k++) {
      const value = outputs.data[k * each + at];
      if (task === "regression") lines.push(`${target}${count > 1 ? ` ${k + 1}` : ""} = ${short(count > 1 ? value : value * scale + center)}`);
      else {
        const name = count > 1 ? (classes?.[k] ?? String(k + 1)) : (classes?.[1] ?? "1");
        lines.push(say(TEXT.probability, { name, p: bytes ? (value / 255).toFixed(2) : short(value) }));
      }
    }
    this.tip.textContent = lines.join("\n");
    const { area } = this;
    placed(this.tip, this.canvas, area.x + across * area.w, area.y + (1 - up) * area.h);
  }

  private pick(x: number, y: number): void {
    let best = null;
    let least = 10;
    for (const own of this.marks) {
      const distance = Math.hypot(own.x - x, own.y - y);
      if (distance < least) [best, least] = [own, distance];
    }
    if (best) this.onRow(best.part, best.number);
  }

  draw(): void {
    if (!this.scene || !this.scene.axes.length) return;
    const [context] = prepared(this.canvas);
    this.marks = [];
    const { area } = this;
    context.fillStyle = css(middle());
    context.fillRect(area.x, area.y, area.w, area.h);
    if (this.scene.axes.length === 2) this.drawPlane(context, area);
    else this.drawLine(context, area);
    if (this.looked) this.cross(context, area, ...this.looked);
  }

  /** Where it is looked at. */
  private cross(context: CanvasRenderingContext2D, area: Area, across: number, up: number): void {
    const [x, y] = [area.x + across * area.w, area.y + (1 - up) * area.h];
    context.strokeStyle = isDark() ? "rgb(230 233 238 / 0.5)" : "rgb(36 40 45 / 0.4)";
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x, area.y);
    context.lineTo(x, area.y + area.h);
    if (this.scene!.axes.length === 2) {
      context.moveTo(area.x, y);
      context.lineTo(area.x + area.w, y);
    }
    context.stroke();
  }

  private drawPlane(context: CanvasRenderingContext2D, area: Area): void {
    const outputs = this.arrays.outputs;
    if (outputs) {
      const side = Math.round(Math.sqrt(outputs.shape[1]));
      const image = this.map(outputs.data, outputs.shape[0], side);
      context.imageSmoothingEnabled = true;
      context.drawImage(image, area.x, area.y, area.w, area.h);
    }
    const [across, up] = this.scene!.axes;
    axis(context, area, across, false);
    axis(context, area, up, true);
    this.each((part, points, targets) => {
      for (let n = 0; n < targets.length; n++) {
        const x = area.x + (area.w * (points[2 * n] - across.low)) / (across.high - across.low);
        const y = area.y + area.h * (1 - (points[2 * n + 1] - up.low) / (up.high - up.low));
        mark(context, part, x, y, css(this.colour(targets[n])));
        this.marks.push({ part, number: n, x, y });
      }
    });
  }

  private colour(target: number): [number, number, number] {
    if (this.scene!.task === "regression") return diverging(Math.max(-1, Math.min(1, target / 2)));
    if (this.scene!.sizes.at(-1) === 1) return ends()[target > 0.5 ? 1 : 0];
    return classColour(target);
  }

  private map(values: Float32Array | Uint8Array, count: number, side: number): HTMLCanvasElement {
    if (count === 1) {
      const shade = (value: number) => (this.discrete ? (value < 0 ? -0.6 : 0.6) : 0.75 * value);
      const colours = table((byte) => diverging(shade((2 * byte) / 255 - 1)));
      if (values instanceof Uint8Array) return picture(values, 0, side, colours);
      const clipped = Float32Array.from(values, (v) => Math.max(-2, Math.min(2, v)));
      const bytes = Uint8Array.from(clipped, (v) => Math.round(((v + 2) / 4) * 255));
      return picture(bytes, 0, side, colours);
    }
    return this.classes(values, count, side);
  }

  /** The likeliest class in its colour, the paler the less sure. */
  private classes(values: Float32Array | Uint8Array, count: number, side: number) {
    const image = new ImageData(side, side);
    const each = side * side;
    const bytes = values instanceof Uint8Array ? values : scaled(values);
    for (let p = 0; p < each; p++) {
      let best = 0;
      for (let k = 1; k < count; k++) if (bytes[k * each + p] > bytes[best * each + p]) best = k;
      const share = (bytes[best * each + p] / 255 - 1 / count) / (1 - 1 / count);
      const sure = this.discrete ? 0.7 : share;
      image.data.set([...toned(classColour(best), 0.1 + 0.55 * sure), 255], 4 * p);
    }
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = side;
    canvas.getContext("2d")!.putImageData(image, 0, 0);
    return canvas;
  }

  private drawLine(context: CanvasRenderingContext2D, area: Area): void {
    const across = this.scene!.axes[0];
    const outputs = this.arrays.outputs;
    let low = Infinity;
    let high = -Infinity;
    this.each((_, __, targets) => {
      for (const t of targets) {
        low = Math.min(low, t);
        high = Math.max(high, t);
      }
    });
    if (!(high > low)) [low, high] = [-1, 1];
    const margin = 0.12 * (high - low);
    const [center, scale] = this.scene!.target_scale;
    const up = { input: 0, name: this.scene!.target, low: low - margin, high: high + margin };
    const place = (x: number, y: number): [number, number] => [
      area.x + (area.w * (x - across.low)) / (across.high - across.low),
      area.y + area.h * (1 - (y - up.low) / (up.high - up.low)),
    ];
    axis(context, area, across, false);
    axis(context, area, { ...up, center, scale }, true);
    context.save();
    context.beginPath();
    context.rect(area.x, area.y, area.w, area.h);
    context.clip();
    this.each((part, points, targets) => {
      const colour = isDark() ? "#8b939e" : "#7b828a";
      for (let n = 0; n < targets.length; n++) {
        const [x, y] = place(points[n], targets[n]);
        mark(context, part, x, y, colour);
        this.marks.push({ part, number: n, x, y });
      }
    });
    if (outputs) {
      const each = outputs.shape[1];
      for (let k = 0; k < outputs.shape[0]; k++) {
        context.strokeStyle = css(outputs.shape[0] > 1 ? classColour(k) : ends()[1]);
        context.lineWidth = 2.5;
        context.beginPath();
        for (let p = 0; p < each; p++) {
          const x = across.low + ((across.high - across.low) * p) / (each - 1);
          const at = place(x, outputs.data[k * each + p]);
          if (p) context.lineTo(...at);
          else context.moveTo(...at);
        }
        context.stroke();
      }
    }
    context.restore();
  }

  private each(
    act: (part: string, points: Float32Array, targets: Float32Array) => void,
  ): void {
    for (const part of PARTS) {
      const points = this.rows[`${part}_points`];
      if (!points || !this.shown[part]) continue;
      const targets = this.rows[`${part}_targets`];
      act(part, points.data as Float32Array, targets.data as Float32Array);
    }
  }
}

interface Area {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** A row: training as a dot, validation as a ring, test as a square. */
function mark(
  context: CanvasRenderingContext2D,
  part: string,
  x: number,
  y: number,
  colour: string,
): void {
  context.beginPath();
  if (part === "test") context.rect(x - 2.5, y - 2.5, 5, 5);
  else context.arc(x, y, part === "train" ? 2.8 : 2.6, 0, 7);
  const paper = isDark() ? "#14161a" : "#ffffff";
  context.lineWidth = part === "val" ? 1.8 : 1;
  context.fillStyle = part === "val" ? paper : colour;
  context.strokeStyle = part === "val" ? colour : paper;
  context.fill();
  context.stroke();
}

/** An axis in the column's own units. */
function axis(context: CanvasRenderingContext2D, area: Area, own: Axis, upright: boolean): void {
  const low = own.low * own.scale + own.center;
  const high = own.high * own.scale + own.center;
  context.fillStyle = isDark() ? "#9aa1ab" : "#6b7178";
  context.font = "11px system-ui, sans-serif";
  for (const value of ticks(low, high)) {
    const share = (value - low) / (high - low);
    if (upright) {
      context.textAlign = "right";
      context.fillText(short(value), area.x - 6, area.y + area.h * (1 - share) + 4);
    } else {
      context.textAlign = "center";
      context.fillText(short(value), area.x + area.w * share, area.y + area.h + 14);
    }
  }
  context.save();
  context.textAlign = "center";
  if (upright) {
    context.translate(10, area.y + area.h / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(own.name, 0, 0);
  } else context.fillText(own.name, area.x + area.w / 2, area.y + area.h + 29);
  context.restore();
}

/** Three to six round numbers in a range. */
export function ticks(low: number, high: number): number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? power;
  const found: number[] = [];
  for (let v = Math.ceil(low / step) * step; v <= high; v += step) {
    found.push(Number(v.toPrecision(12)));
  }
  return found;
}
