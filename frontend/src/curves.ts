// Learning curves: every epoch so far of every network, and a line where the network stands.

import uPlot from "uplot";
import { classColour, css, ends, isDark } from "./colours";
import { TEXT, short } from "./messages";
import type { Arr, Scene } from "./wire";

const PARTS = ["train", "val", "test"] as const;

/** Numbers of all networks, epoch by epoch. */
export class CurveStore {
  epochs = 0;
  private columns: (number | null)[][][] = []; // network, column, epoch

  begin(networks: number, columns: number): void {
    this.epochs = 0;
    this.columns = Array.from({ length: networks }, () =>
      Array.from({ length: columns }, () => []),
    );
  }

  take(after: number, curves: Arr): void {
    const [networks, count, columns] = curves.shape;
    for (let k = 0; k < networks; k++) {
      for (let c = 0; c < columns; c++) {
        const own = this.columns[k][c];
        own.length = after;
        for (let n = 0; n < count; n++) {
          const value = curves.data[(k * count + n) * columns + c];
          own.push(Number.isFinite(value) ? value : null);
        }
      }
    }
    this.epochs = after + count;
  }

  column(network: number, column: number): (number | null)[] {
    return this.columns[network]?.[column] ?? [];
  }
}

export class CurveView {
  private plot: uPlot | null = null;
  private scene: Scene | null = null;
  private marked = { epoch: 0, best: 0 };
  logarithmic = false;

  constructor(
    private place: HTMLElement,
    private store: CurveStore,
    private quantity: 0 | 1,
    private onPick: (epoch: number) => void,
  ) {
    new ResizeObserver(() => this.resize()).observe(place);
  }

  setScene(scene: Scene): void {
    this.scene = scene;
    this.place.setAttribute("aria-label", `${TEXT.curves}: ${this.quantity ? this.name : TEXT.loss}`);
    this.rebuild();
  }

  /** The metric or the loss that is drawn. */
  get name(): string {
    return this.scene!.curves[this.quantity * 3].replace("train_", "");
  }

  rebuild(): void {
    this.plot?.destroy();
    if (!this.scene) return;
    const grid = { stroke: isDark() ? "#2b2f36" : "#ebecee", width: 1 };
    const text = isDark() ? "#9aa1ab" : "#6b7178";
    const axis = { stroke: text, grid, ticks: grid, font: "11px system-ui", size: 30 };
    const incrs = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4];
    const distribution = this.logarithmic ? 3 : 1;
    this.plot = new uPlot(
      {
        width: Math.max(200, this.place.clientWidth),
        height: Math.max(110, this.place.clientHeight),
        padding: [8, 14, 0, 0],
        legend: { show: false },
        scales: { x: { time: false }, y: { distr: distribution } },
        axes: [{ ...axis, incrs }, { ...axis, size: 46, values: (_, all) => all.map(this.tick) }],
        series: [{ label: TEXT.epoch }, ...this.series()],
        cursor: { y: false, drag: { x: true, y: false } },
        hooks: { draw: [(u) => this.mark(u)], ready: [(u) => this.listen(u)] },
      },
      this.data(),
      this.place,
    );
  }

  private tick = (value: number | null): string => (value === null ? "" : short(value));

  private series(): uPlot.Series[] {
    const labels = this.scene!.labels;
    const single = () => this.store.epochs === 1; // no line yet
    const plain = { points: { show: single, size: 6 }, spanGaps: false };
    if (labels.length > 1) {
      return labels.flatMap((label, k) => [
        { ...plain, label, stroke: css(classColour(k)), width: 2 },
        { ...plain, label, stroke: css(classColour(k), 0.45), width: 1, dash: [4, 3] },
      ]);
    }
    const ink = isDark() ? "#e6e9ee" : "#24282d";
    const [low, high] = ends();
    return [
      { ...plain, label: TEXT.train, stroke: ink, width: 1.5 },
      { ...plain, label: TEXT.val, stroke: css(high), width: 2.2 },
      { ...plain, label: TEXT.test, stroke: css(low), width: 1.3, dash: [4, 3] },
    ];
  }

  private data(): uPlot.AlignedData {
    const count = this.store.epochs;
    const epochs = Array.from({ length: count }, (_, k) => k + 1);
    const first = this.quantity * 3;
    const networks = this.scene!.labels.length;
    const columns: (number | null)[][] = [];
    for (let k = 0; k < networks; k++) {
      if (networks > 1) {
        const val = this.scene!.rows.val ? 1 : 0;
        columns.push(this.store.column(k, first + val), this.store.column(k, first));
      } else for (let p = 0; p < 3; p++) columns.push(this.store.column(k, first + p));
    }
    return [epochs, ...columns.map((c) => (c.length ? c : new Array(count).fill(null)))];
  }

  update(epoch: number, best: number): void {
    this.marked = { epoch, best };
    this.plot?.setData(this.data());
  }

  private mark(u: uPlot): void {
    const { ctx, bbox } = u;
    const ratio = devicePixelRatio || 1;
    const draw = (epoch: number, colour: string, dash: number[]) => {
      if (epoch < 1 || epoch > this.store.epochs) return;
      const x = u.valToPos(epoch, "x", true);
      ctx.save();
      ctx.strokeStyle = colour;
      ctx.lineWidth = ratio;
      ctx.setLineDash(dash.map((d) => d * ratio));
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.restore();
    };
    draw(this.marked.best, css(ends()[1], 0.6), [2, 3]);
    if (this.marked.epoch < this.store.epochs) {
      draw(this.marked.epoch, isDark() ? "#e6e9ee" : "#24282d", []);
    }
  }

  /** A click goes back to that epoch; a drag zooms, and a double click shows all. */
  private listen(u: uPlot): void {
    let from = 0;
    u.over.addEventListener("pointerdown", (event) => (from = event.clientX));
    u.over.addEventListener("click", (event) => {
      if (Math.abs(event.clientX - from) > 3) return;
      const place = u.over.getBoundingClientRect();
      this.onPick(Math.round(u.posToVal(event.clientX - place.left, "x")));
    });
  }

  private resize(): void {
    this.plot?.setSize({
      width: Math.max(200, this.place.clientWidth),
      height: Math.max(110, this.place.clientHeight),
    });
  }

  /** The numbers of an epoch by part, of one network. */
  at(epoch: number, network: number): Record<string, number | null> {
    const first = this.quantity * 3;
    return Object.fromEntries(
      PARTS.map((part, p) => [part, this.store.column(network, first + p)[epoch - 1] ?? null]),
    );
  }
}
