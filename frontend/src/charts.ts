// Curves in the page of a run or of a sweep: read off, zoomed, switched on and off. The static picture stays for print,
// and for whoever has no script.

import uPlot from "uplot";
import { CHART_TEXT as TEXT } from "./messages_charts";

declare const STYLE: string; // of curves, put in place when this is built

interface Series {
  label: string;
  values: (number | null)[];
  colour: string;
  thin: boolean;
}

/** A picture's numbers; `with` of a series: the one that it is switched with. */
interface Chart {
  epochs: number[];
  quantity: string;
  logarithmic: boolean;
  best: number;
  plateaus: [number, number][];
  resting: string;
  series: (Series & { with: number })[];
}

const HEIGHT = 300;
const dark = matchMedia("(prefers-color-scheme: dark)");

const short = (value: number): string => {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
};

function make<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Record<string, string> = {}, text = "") {
  const found = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) found.setAttribute(name, value);
  found.textContent = text;
  return found;
}

class ChartView {
  private place = make("div", { class: "plot", tabindex: "0", role: "img" });
  private reading = make("output", { class: "reading", "aria-live": "polite" });
  private plot: uPlot | null = null;
  private shown: boolean[];
  private at: number | null = null;

  constructor(
    holder: HTMLElement,
    private chart: Chart,
    alt: string,
  ) {
    this.shown = chart.series.map(() => true);
    this.place.setAttribute("aria-label", `${alt} ${TEXT.keys}`);
    const bar = make("div", { class: "switches" });
    chart.series.forEach((own, k) => {
      if (own.with === k) bar.append(this.switch(own, k));
    });
    const all = make("button", { type: "button" }, TEXT.all);
    all.addEventListener("click", () => this.zoom(0, chart.epochs.length - 1));
    bar.append(all);
    holder.append(bar, this.place, this.reading);
    this.place.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.plot?.setSize({ width: this.width, height: HEIGHT })).observe(this.place);
    dark.addEventListener("change", () => this.build());
    this.build();
    this.read(null);
  }

  private get width(): number {
    return Math.max(200, this.place.clientWidth);
  }

  private switch(own: Series, k: number): HTMLElement {
    const found = make("button", { type: "button", "aria-pressed": "true", title: TEXT.switch }, own.label);
    found.style.setProperty("--own", own.colour);
    found.addEventListener("click", () => {
      this.chart.series.forEach((other, n) => {
        if (other.with !== k) return;
        this.shown[n] = !this.shown[n];
        this.plot?.setSeries(n + 1, { show: this.shown[n] });
      });
      found.setAttribute("aria-pressed", String(this.shown[k]));
      this.read(this.at);
    });
    return found;
  }

  private build(): void {
    this.plot?.destroy();
    const { chart } = this;
    const text = dark.matches ? "#aab3bd" : "#57606a";
    const grid = { stroke: dark.matches ? "#333a42" : "#e6e8ea", width: 1 };
    const axis = { stroke: text, grid, ticks: grid, font: "12px system-ui" };
    const ticks = (_: uPlot, all: (number | null)[]) => all.map((value) => (value === null ? "" : short(value)));
    this.plot = new uPlot(
      {
        width: this.width,
        height: HEIGHT,
        legend: { show: false },
        scales: { x: { time: false }, y: { distr: chart.logarithmic ? 3 : 1 } },
        axes: [
          { ...axis, label: TEXT.epoch, labelSize: 18, labelFont: "12px system-ui", size: 32, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1e5, 1e6] },
          { ...axis, label: chart.quantity, labelSize: 18, labelFont: "12px system-ui", size: 58, values: ticks },
        ],
        series: [
          {},
          ...chart.series.map((own, k) => ({
            label: own.label,
            stroke: own.thin ? `${own.colour}80` : own.colour,
            width: own.thin ? 1 : 2,
            show: this.shown[k],
            points: { show: chart.epochs.length === 1 },
            spanGaps: false,
          })),
        ],
        cursor: { y: false, drag: { x: true, y: false } },
        hooks: {
          drawClear: [(u) => this.shade(u)],
          draw: [(u) => this.markBest(u)],
          setCursor: [(u) => this.read(u.cursor.idx ?? null)],
        },
      },
      [chart.epochs, ...chart.series.map((own) => own.values)],
      this.place,
    );
  }

  /** Stretches of epochs in which the loss rests, grey as in the static picture. */
  private shade(u: uPlot): void {
    const { left, top, width, height } = u.bbox;
    u.ctx.save();
    u.ctx.fillStyle = dark.matches ? "rgb(200 206 214 / 0.13)" : "rgb(90 96 104 / 0.13)";
    for (const ends of this.chart.plateaus) {
      const [from, to] = ends.map((epoch) => Math.max(left, Math.min(left + width, u.valToPos(epoch, "x", true))));
      u.ctx.fillRect(from, top, to - from, height);
    }
    u.ctx.restore();
  }

  private markBest(u: uPlot): void {
    const { best, epochs } = this.chart;
    if (!best || best > epochs[epochs.length - 1]) return;
    const x = u.valToPos(best, "x", true);
    if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) return;
    u.ctx.save();
    u.ctx.strokeStyle = "#8b939e";
    u.ctx.setLineDash([5, 4]);
    u.ctx.beginPath();
    u.ctx.moveTo(x, u.bbox.top);
    u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
    u.ctx.stroke();
    u.ctx.restore();
  }

  /** The numbers at an epoch, or how to come by them. */
  private read(at: number | null): void {
    this.at = at;
    if (at === null) {
      const { best, plateaus, resting } = this.chart;
      const marks = [best && TEXT.best.replace("{n}", String(best)), plateaus.length && TEXT.plateau.replace("{what}", resting)];
      this.reading.textContent = [TEXT.how, ...marks].filter(Boolean).join(" ");
      return;
    }
    const numbers = this.chart.series.flatMap((own, k) => {
      const value = own.values[at];
      return own.with === k && this.shown[k] && value !== null ? [`${own.label} ${short(value)}`] : [];
    });
    const epoch = this.chart.epochs[at];
    const rests = this.chart.plateaus.some(([first, last]) => first <= epoch && epoch <= last);
    this.reading.textContent = [`${TEXT.epoch} ${epoch}`, ...numbers, ...(rests ? [TEXT.rests] : [])].join(", ");
  }

  private zoom(first: number, last: number): void {
    const { epochs } = this.chart;
    this.plot?.setScale("x", { min: epochs[Math.max(0, first)], max: epochs[Math.min(epochs.length - 1, last)] });
  }

  /** Arrows read off, plus and minus zoom around there, 0 shows all. */
  private key(event: KeyboardEvent): void {
    const last = this.chart.epochs.length - 1;
    const step = event.shiftKey ? Math.max(1, Math.round(last / 20)) : 1;
    const at = this.at ?? -1;
    if (event.key === "ArrowRight") this.point(Math.min(last, at + step));
    else if (event.key === "ArrowLeft") this.point(Math.max(0, at < 0 ? last : at - step));
    else if (event.key === "+" || event.key === "-") {
      const { min, max } = this.plot!.scales.x;
      const half = ((max! - min!) / 2) * (event.key === "+" ? 0.5 : 2);
      const middle = this.at === null ? (min! + max!) / 2 : this.chart.epochs[this.at];
      const [low, high] = [this.chart.epochs[0], this.chart.epochs[last]];
      this.plot!.setScale("x", { min: Math.max(low, middle - half), max: Math.min(high, middle + half) });
    } else if (event.key === "0") this.zoom(0, last);
    else return;
    event.preventDefault();
  }

  private point(at: number): void {
    const left = this.plot!.valToPos(this.chart.epochs[at], "x");
    this.plot!.setCursor({ left, top: 0 }, false);
    this.read(at);
  }
}

const style = document.createElement("style");
style.textContent = STYLE;
document.head.append(style);
for (const holder of document.querySelectorAll<HTMLElement>(".chart")) {
  const still = holder.querySelector("[role=img], img")!;
  const alt = still.getAttribute("aria-label") ?? still.getAttribute("alt") ?? "";
  const chart = JSON.parse(holder.querySelector("script")!.textContent!) as Chart;
  holder.classList.add("live");
  new ChartView(holder, chart, alt);
}
