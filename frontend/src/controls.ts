// The settings: each field sends its value when it is changed, and shows what the engine then has.

import { TEXT } from "./messages";
import type { Scene } from "./wire";

type Kind = "choice" | "number" | "range";

interface Field {
  key: string;
  label: string;
  kind: Kind;
  step?: number;
}

const GROUPS: { title: string; fields: Field[]; more: Field[] }[] = [
  {
    title: TEXT.data,
    fields: [
      { key: "data", label: TEXT.dataSet, kind: "choice" },
      { key: "data.rows", label: TEXT.rows, kind: "number" },
      { key: "data.noise", label: TEXT.noise, kind: "number" },
      { key: "data.label_noise", label: TEXT.labelNoise, kind: "number" },
    ],
    more: [
      { key: "data.train_rows", label: TEXT.trainRows, kind: "number" },
      { key: "data.val_fraction", label: TEXT.valFraction, kind: "number" },
      { key: "data.test_fraction", label: TEXT.testFraction, kind: "number" },
      { key: "data.split_seed", label: TEXT.split, kind: "number" },
      { key: "data.classes", label: TEXT.classes, kind: "number" },
      { key: "data.turns", label: TEXT.turns, kind: "number" },
      { key: "data.periods", label: TEXT.periods, kind: "number" },
      { key: "data.outliers", label: TEXT.outliers, kind: "number" },
      { key: "data.low", label: TEXT.low, kind: "number" },
      { key: "data.high", label: TEXT.high, kind: "number" },
    ],
  },
  {
    title: TEXT.network,
    fields: [
      { key: "model.activation", label: TEXT.activation, kind: "choice" },
      { key: "loss", label: TEXT.loss, kind: "choice" },
      { key: "model.dropout", label: TEXT.dropout, kind: "number" },
    ],
    more: [
      { key: "model.width", label: TEXT.width, kind: "number" },
      { key: "model.output", label: TEXT.output, kind: "choice" },
      { key: "model.embedding", label: TEXT.embedding, kind: "choice" },
      { key: "model.init", label: TEXT.init, kind: "choice" },
      { key: "model.normalisation", label: TEXT.normalisation, kind: "choice" },
    ],
  },
  {
    title: TEXT.training,
    fields: [
      { key: "optimizer", label: TEXT.optimizer, kind: "choice" },
      { key: "optimizer.lr", label: TEXT.rate, kind: "range" },
      { key: "batch_size", label: TEXT.batch, kind: "number" },
      { key: "optimizer.weight_decay", label: TEXT.decay, kind: "number" },
      { key: "seed", label: TEXT.seed, kind: "number" },
    ],
    more: [
      { key: "schedule", label: TEXT.schedule, kind: "choice" },
      { key: "epochs", label: TEXT.epochs, kind: "number" },
      { key: "stop.patience", label: TEXT.patience, kind: "number" },
      { key: "optimizer.momentum", label: TEXT.momentum, kind: "number" },
      { key: "optimizer.beta1", label: "β1", kind: "number" },
      { key: "optimizer.beta2", label: "β2", kind: "number" },
      { key: "optimizer.rho", label: "ρ", kind: "number" },
      { key: "optimizer.l1", label: "L1", kind: "number" },
      { key: "optimizer.clip_norm", label: TEXT.clipNorm, kind: "number" },
    ],
  },
];

const RATE = { low: -5, high: 1, step: 0.25 }; // powers of ten of the rate's slider

/** An element with attributes and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const found = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) found.setAttribute(name, value);
  found.append(...children);
  return found;
}

/** A button that does something. */
export function button(
  label: string,
  hint: string,
  act: () => void,
  kind = "",
): HTMLButtonElement {
  const found = make("button", { type: "button", title: hint, class: kind }, label);
  found.addEventListener("click", act);
  return found;
}

/** A value as it is typed on the command line. */
export function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  return value === null || value === undefined ? "null" : String(value);
}

/** A setting's present value; a group's is the name of its choice. */
export function valueOf(scene: Scene, key: string): unknown {
  return key in scene.choices && !key.includes(".") ? scene.values[`${key}.name`] : scene.values[key];
}

function exists(scene: Scene, key: string): boolean {
  return key in scene.values || `${key}.name` in scene.values;
}

export class Controls {
  private fields: { field: Field; row: HTMLElement; input: HTMLInputElement | HTMLSelectElement }[] =
    [];
  private slider: HTMLInputElement | null = null;
  private scene: Scene | null = null;

  constructor(
    place: HTMLElement,
    private change: (key: string, value: string) => void,
  ) {
    for (const group of GROUPS) {
      const rows = group.fields.map((field) => this.row(field));
      const more = group.more.map((field) => this.row(field));
      place.append(
        make(
          "section",
          { class: "group" },
          make("h2", {}, group.title),
          ...rows,
          make("details", {}, make("summary", {}, TEXT.more), ...more),
        ),
      );
    }
  }

  private row(field: Field): HTMLElement {
    const id = `field-${field.key.replace(".", "-")}`;
    const input =
      field.kind === "choice"
        ? make("select", { id })
        : make("input", { id, autocomplete: "off", spellcheck: "false" });
    input.title = field.key;
    input.addEventListener("change", () => this.change(field.key, input.value.trim()));
    const row = make("div", { class: "field" }, make("label", { for: id }, field.label), input);
    if (field.kind === "range") {
      const { low, high, step } = RATE;
      const slider = make("input", {
        type: "range",
        min: String(low),
        max: String(high),
        step: String(step),
        "aria-label": field.label,
      });
      slider.addEventListener("input", () => (input.value = this.rate(slider)));
      slider.addEventListener("change", () => this.change(field.key, this.rate(slider)));
      this.slider = slider;
      row.append(slider);
    }
    this.fields.push({ field, row, input });
    return row;
  }

  private rate(slider: HTMLInputElement): string {
    return String(Number((10 ** Number(slider.value)).toPrecision(2)));
  }

  setScene(scene: Scene): void {
    this.scene = scene;
    for (const { field, row, input } of this.fields) {
      row.hidden = !exists(scene, field.key);
      if (input instanceof HTMLSelectElement) {
        const now = written(valueOf(scene, field.key));
        const names = scene.choices[field.key] ?? [];
        const all = names.includes(now) ? names : [now, ...names];
        input.replaceChildren(...all.map((name) => make("option", { value: name }, name)));
      }
    }
    this.reset();
  }

  /** Show again what the engine has, as after a value that cannot be. */
  reset(): void {
    if (!this.scene) return;
    for (const { field, input } of this.fields) {
      input.value = written(valueOf(this.scene, field.key));
      if (field.kind === "range" && this.slider) {
        this.slider.value = String(Math.log10(Number(input.value)));
      }
    }
  }
}

/** Every setting that a page knows, for comparisons. */
export const KEYS = GROUPS.flatMap((group) => [...group.fields, ...group.more]).map(
  (field) => field.key,
);
