// Networks side by side against the value in which they differ: their numbers at the present epoch, and a slider.

import { css, ends, isDark } from "./colours";
import { make } from "./controls";
import type { CurveView } from "./curves";
import { TEXT, say, short } from "./messages";
import { prepared } from "./network";
import { PARTS, ticks } from "./plane";
import type { Scene } from "./wire";

const LEAST = 3; // values that make a curve
const LEFT = 46;
const BOTTOM = 20;

type Numbers = Record<string, number | null>;

export class AcrossView {
  readonly place = make("section", { class: "panel across" });
  private titles = [make("h2"), make("h2")];
  private canvases = [make("canvas", { role: "img" }), make("canvas", { role: "img" })];
  private slider = make("input", { type: "range", min: "0", step: "1", id: "across" });
  private label = make("label", { for: "across" });
  private scene: Scene | null = null;
  private epoch = 0;
  private focus = 0;

  constructor(
    private views: () => CurveView[],
    private choose: (network: number) => void,
  ) {
    this.place.hidden = true;
    const charts = this.titles.map((title, k) => make("div", {}, title, this.canvases[k]));
    this.place.append(
      make("div", { class: "charts" }, ...charts),
      make("div", { class: "slide" }, this.label, this.slider),
    );
    this.slider.addEventListener("input", () => this.choose(Number(this.slider.value)));
    new ResizeObserver(() => this.draw()).observe(this.place);
  }

  /** Shown where the values are numbers, and enough of them. */
  setScene(scene: Scene): void {
    const [key, values] = scene.compared;
    this.scene = scene;
    this.place.hidden = !key || values.length < LEAST || !values.every((own) => Number.isFinite(Number(own)));
    this.slider.max = String(values.length - 1);
    if (!key) return;
    this.views().forEach((view, k) => {
      const name = k ? view.name : TEXT.loss;
      this.titles[k].textContent = say(TEXT.byValue, { name, key });
    });
  }

  setFrame(epoch: number, focus: number): void {
    [this.epoch, this.focus] = [epoch, focus];
    if (this.place.hidden) return;
    const [key, values] = this.scene!.compared;
    this.slider.value = String(focus);
    this.slider.setAttribute("aria-valuetext", values[focus]);
    this.label.textContent = `${key} = ${values[focus]}`;
    this.draw();
  }

  draw(): void {
    if (this.place.hidden || !this.scene) return;
    const values = this.scene.compared[1];
    const part = this.scene.rows.val ? "val" : "train";
    this.views().forEach((view, k) => {
      const columns = values.map((_, n) => view.at(this.epoch, n));
      const said = columns.map((own, n) => `${values[n]}: ${own[part] === null ? "–" : short(own[part]!)}`);
      this.canvases[k].setAttribute("aria-label", `${this.titles[k].textContent}, ${TEXT[part]}: ${said.join(", ")}`);
      drawn(this.canvases[k], columns, values, this.focus);
    });
  }
}

/** A point for each network, in the order of the values; one of them is in view. */
function drawn(canvas: HTMLCanvasElement, columns: Numbers[], values: string[], focus: number): void {
  const [context, width, height] = prepared(canvas);
  const found = columns.flatMap((own) => PARTS.map((part) => own[part] ?? NaN)).filter(Number.isFinite);
  let [low, high] = [Math.min(...found), Math.max(...found)];
  if (!found.length) [low, high] = [0, 1];
  else if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const [top, bottom, right] = [8, height - BOTTOM, width - 8];
  const x = (n: number) => LEFT + ((right - LEFT) * (n + 0.5)) / columns.length;
  const y = (value: number) => bottom - ((bottom - top) * (value - low)) / (high - low);
  context.font = "11px system-ui, sans-serif";
  context.lineWidth = 1;
  for (const value of ticks(low, high)) {
    context.strokeStyle = isDark() ? "#2b2f36" : "#ebecee";
    context.beginPath();
    context.moveTo(LEFT, y(value));
    context.lineTo(right, y(value));
    context.stroke();
    context.fillStyle = isDark() ? "#9aa1ab" : "#6b7178";
    context.textAlign = "right";
    context.fillText(short(value), LEFT - 6, y(value) + 4);
  }
  context.fillStyle = css(ends()[1], 0.12);
  context.fillRect(x(focus) - 9, top, 18, bottom - top);
  context.fillStyle = isDark() ? "#9aa1ab" : "#6b7178";
  context.textAlign = "center";
  values.forEach((own, n) => context.fillText(own, x(n), height - 5));
  if (!found.length) return;
  const colours = { train: isDark() ? "#e6e9ee" : "#24282d", val: css(ends()[1]), test: css(ends()[0]) };
  for (const part of PARTS) curve(context, columns.map((own) => own[part]), colours[part], part === "test", x, y);
}

/** Points that are joined, as far as there are numbers. */
function curve(
  context: CanvasRenderingContext2D,
  values: (number | null)[],
  colour: string,
  dashed: boolean,
  x: (n: number) => number,
  y: (value: number) => number,
): void {
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = 1.6;
  context.setLineDash(dashed ? [4, 3] : []);
  context.beginPath();
  values.forEach((value, n) => value !== null && context.lineTo(x(n), y(value)));
  context.stroke();
  context.setLineDash([]);
  values.forEach((value, n) => {
    if (value === null) return;
    context.beginPath();
    context.arc(x(n), y(value), 3, 0, 7);
    context.fill();
  });
}
