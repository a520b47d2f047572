// A shallow network of one input that is fitted by hand: a slider for every theta and phi.

import { classColour, css, ends, isDark } from "./colours";
import { button, make } from "./controls";
import { TEXT, say, short } from "./messages";
import { prepared } from "./network";
import type { Arrays, Frame, Scene } from "./wire";

const REACH = 4; // of a slider to either side; a larger number can be typed
const MOST_UNITS = 6;

/** What the panel begins with: the course's first picture. */
export const THREE_UNITS = [
  ...["data=sine", "data.periods=1", "data.rows=80", "data.noise=0.05", "model=shallow"],
  ...["model.width=3", "model.activation=relu", "optimizer=adam", "optimizer.lr=0.01"],
  ...["batch_size=16", "epochs=2000"],
];

interface Entry {
  name: string;
  tensor: string;
  row: number;
  column: number;
  slider: HTMLInputElement;
  field: HTMLInputElement;
}

export interface ByHandActs {
  set(tensor: string, place: [number, number], value: number): void;
  begin(): void;
  train(): void;
}

export class ByHandPanel {
  readonly place = make("section", { class: "panel byhand", "aria-label": TEXT.byHand });
  private canvas = make("canvas", { role: "img", "aria-label": TEXT.byHandPicture });
  private sliders = make("div", { class: "sliders" });
  private loss = make("output", { class: "loss", "aria-live": "polite" });
  private hint = make("p", { class: "quiet" });
  private entries: Entry[] = [];
  private scene: Scene | null = null;
  private rows: Arrays = {};
  private arrays: Arrays = {};
  private best = Infinity;
  private waiting = false;
  private next = new Map<string, [Entry, number]>();
  private body = make("div", { class: "byhand-body" });

  /** It has been opened, or closed while it had the focus. */
  onToggle: (open: boolean, focused: boolean) => void = () => {};

  constructor(private acts: ByHandActs) {
    this.place.hidden = true;
    this.body.append(
      this.canvas,
      this.sliders,
      make("div", { class: "bar" }, button(TEXT.takeOver, TEXT.takeOverHint, () => this.acts.train(), "primary")),
    );
    this.place.append(
      make(
        "div",
        { class: "bar" },
        make("h2", {}, TEXT.byHand),
        this.loss,
        button(TEXT.threeUnits, TEXT.threeUnitsHint, () => this.acts.begin()),
        button("×", TEXT.close, () => this.toggle(), "tiny"),
      ),
      this.hint,
      this.body,
    );
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  toggle(): void {
    const root = this.place.getRootNode() as Document | ShadowRoot;
    const focused = this.place.contains(root.activeElement);
    this.place.hidden = !this.place.hidden;
    this.onToggle(this.isOpen, focused);
    this.draw();
  }

  get isOpen(): boolean {
    return !this.place.hidden;
  }

  /** Whether the network is one that the panel has sliders for. */
  private get fits(): boolean {
    const scene = this.scene;
    if (!scene) return false;
    const [inputs, units, outputs] = scene.sizes;
    const shallow = scene.sizes.length === 3 && inputs === 1 && outputs === 1;
    const sum = scene.task === "regression" && scene.output === "linear"; // which the fit is drawn as
    return shallow && units <= MOST_UNITS && sum && scene.plain;
  }

  setScene(scene: Scene, rows: Arrays): void {
    this.scene = scene;
    this.rows = rows;
    this.arrays = {};
    this.best = Infinity;
    this.waiting = false;
    this.next.clear();
    this.body.hidden = !this.fits;
    this.hint.textContent = this.fits ? TEXT.byHandHint : TEXT.byHandNot;
    this.entries = [];
    this.sliders.replaceChildren();
    if (!this.fits) return;
    const units = scene.sizes[1];
    for (let j = 0; j < units; j++) {
      const found = [
        this.entry(`θ0${j + 1}`, "beta_0", 0, j),
        this.entry(`θ1${j + 1}`, "Omega_0", 0, j),
        this.entry(`φ${j + 1}`, "Omega_1", j, 0),
      ];
      const title = make("legend", {}, say(TEXT.unitOf, { n: j + 1 }));
      const set = make("fieldset", {}, title, ...found);
      set.style.setProperty("--own", css(classColour(j)));
      this.sliders.append(set);
    }
    this.sliders.append(make("fieldset", {}, make("legend", {}, TEXT.outputMap), this.entry("φ0", "beta_1", 0, 0)));
  }

  private entry(name: string, tensor: string, row: number, column: number): HTMLElement {
    const range = { type: "range", min: String(-REACH), max: String(REACH), step: "0.05" };
    const slider = make("input", { ...range, "aria-label": name });
    const field = make("input", { class: "short", inputmode: "decimal", "aria-label": name });
    const own = { name, tensor, row, column, slider, field };
    slider.addEventListener("input", () => {
      field.value = slider.value;
      this.send(own, Number(slider.value));
    });
    field.addEventListener("change", () => {
      const value = Number(field.value.replace(",", "."));
      if (field.value.trim() && Number.isFinite(value)) this.send(own, value);
      else this.follow(own, true);
    });
    this.entries.push(own);
    return make("div", { class: "entry" }, make("span", {}, name), slider, field);
  }

  /** One value is under way at a time: of those that come meanwhile the last one of each counts. */
  private send(entry: Entry, value: number): void {
    this.next.set(entry.name, [entry, value]);
    if (!this.waiting) this.sendNext();
  }

  private sendNext(): void {
    const first = this.next.values().next().value;
    this.waiting = Boolean(first);
    if (!first) return;
    const [entry, value] = first;
    this.next.delete(entry.name);
    this.acts.set(entry.tensor, [entry.row, entry.column], value);
  }

  /** A value was refused: fields show again what the network has. */
  refused(): void {
    this.next.clear();
    this.waiting = false;
    this.entries.forEach((own) => this.follow(own, true));
  }

  /** While it trains, the loss changes too often to be read out. */
  setRunning(running: boolean): void {
    this.loss.setAttribute("aria-live", running ? "off" : "polite");
  }

  setFrame(frame: Frame, arrays: Arrays): void {
    this.arrays = arrays;
    if (!this.fits) return;
    if (this.waiting) this.sendNext();
    if (!this.waiting) this.entries.forEach((own) => this.follow(own));
    const now = frame.now.train;
    if (now !== undefined) this.best = Math.min(this.best, now);
    this.loss.textContent =
      now === undefined ? "" : say(TEXT.byHandLoss, { loss: short(now), best: short(this.best) });
    this.draw();
  }

  private value(entry: Entry): number | undefined {
    const found = this.arrays[entry.tensor];
    if (!found) return undefined;
    const columns = found.shape.length > 1 ? found.shape[1] : found.shape[0];
    return found.data[entry.row * columns + entry.column];
  }

  /** Show what the network has; in a field that is being typed in only where it `must` be. */
  private follow(entry: Entry, must = false): void {
    const value = this.value(entry);
    if (value === undefined) return;
    const root = this.place.getRootNode() as Document | ShadowRoot;
    if (must || root.activeElement !== entry.field) entry.field.value = short(value);
    if (root.activeElement !== entry.slider || Math.abs(Number(entry.slider.value) - value) > 0.03) {
      entry.slider.value = String(value);
    }
  }

  /** Rows, phi_j h_j of each unit with its joint, and their sum. */
  draw(): void {
    const scene = this.scene;
    const units = this.arrays.units_0;
    const outputs = this.arrays.outputs;
    if (!this.fits || !scene || !units || !outputs || !this.isOpen) return;
    const [context, width, height] = prepared(this.canvas);
    const [axis] = scene.axes;
    const targets = this.rows.train_targets.data;
    const points = this.rows.train_points.data;
    let [low, high] = [Infinity, -Infinity];
    for (const t of targets) [low, high] = [Math.min(low, t), Math.max(high, t)];
    const margin = 0.35 * (high - low || 1);
    [low, high] = [low - margin, high + margin];
    const x = (v: number) => (width * (v - axis.low)) / (axis.high - axis.low);
    const y = (v: number) => height * (1 - (v - low) / (high - low));
    context.strokeStyle = isDark() ? "#3a3f47" : "#d8dadc";
    context.beginPath();
    context.moveTo(0, y(0));
    context.lineTo(width, y(0));
    context.stroke();
    context.fillStyle = isDark() ? "#8b939e" : "#9aa0a6";
    targets.forEach((t: number, n: number) => {
      context.beginPath();
      context.arc(x(points[n]), y(t), 2.4, 0, 7);
      context.fill();
    });
    const count = units.shape[1];
    const at = (p: number) => axis.low + ((axis.high - axis.low) * p) / (count - 1);
    const line = (values: (p: number) => number, colour: string, wide: number) => {
      context.strokeStyle = colour;
      context.lineWidth = wide;
      context.beginPath();
      for (let p = 0; p < count; p++) context.lineTo(x(at(p)), y(values(p)));
      context.stroke();
    };
    for (let j = 0; j < units.shape[0]; j++) {
      const phi = this.arrays.Omega_1.data[j];
      line((p) => phi * units.data[j * count + p], css(classColour(j)), 1.4);
      const joint = -this.arrays.beta_0.data[j] / this.arrays.Omega_0.data[j];
      if (!(joint > axis.low && joint < axis.high)) continue;
      context.setLineDash([3, 4]);
      context.beginPath();
      context.moveTo(x(joint), 0);
      context.lineTo(x(joint), height);
      context.stroke();
      context.setLineDash([]);
      context.fillStyle = css(classColour(j));
      context.fillText(String(j + 1), x(joint) + 4, 11);
    }
    line((p) => outputs.data[p], css(ends()[1]), 3);
  }
}
