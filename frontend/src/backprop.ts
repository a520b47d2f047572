// Both passes of one row, number by number, as the engine has them: gone through, or guessed.

import { button, make } from "./controls";
import { TEXT, say, short } from "./messages";
import type { Passes, Step } from "./wire";

const CLOSE = 0.02; // of the number: how far a prediction may be off

/** Whether a prediction is right, within two percent. */
export function isClose(predicted: number, value: number): boolean {
  return Math.abs(predicted - value) <= CLOSE * Math.abs(value) + 1e-12;
}

/** A number as it is read: comma or point. */
export function typed(text: string): number {
  const plain = text.trim().replace("−", "-").replace(",", ".");
  return plain === "" ? NaN : Number(plain);
}

export class PassesPanel {
  readonly place = make("section", { class: "panel passes", "aria-label": TEXT.passes });
  private found: Passes | null = null;
  private at = -1; // the last number that is shown; -1: none yet
  private right = 0;
  private asked = 0;
  private part = "train";
  private wanted = false; // else an answer came too late
  private wantedRow = 0; // the one that was asked for last, from 0
  private counts: Record<string, number> = {};
  /** It has been opened, or closed while it had the focus. */
  onToggle: (open: boolean, focused: boolean) => void = () => {};

  private partSelect = make("select", { "aria-label": TEXT.part });
  private row = make("input", { "aria-label": TEXT.row, inputmode: "numeric", class: "short" });
  private quiz = make("input", { type: "checkbox", id: "quiz" });
  private where = make("span", { class: "quiet where" });
  private given = make("p", { class: "given" });
  private line = make("div", { class: "step", "aria-live": "polite" });
  private answer = make("input", { "aria-label": TEXT.prediction, class: "short", inputmode: "decimal" });
  private asking = make("form", { class: "bar" });
  private said = make("span", { class: "said", role: "status" });
  private score = make("span", { class: "quiet" });
  private notes = make("details");

  /** `ask` has the engine go through a row; `shown` says how far the numbers are known. */
  constructor(
    private ask: (part: string, number: number) => void,
    private shown: (found: Passes | null, at: number, ahead: boolean) => void,
  ) {
    this.place.hidden = true;
    this.partSelect.addEventListener("change", () => this.choose(this.partSelect.value, 0));
    this.row.addEventListener("change", () => this.choose(this.part, Number(this.row.value) - 1));
    this.quiz.addEventListener("change", () => this.show());
    this.asking.addEventListener("submit", (event) => {
      event.preventDefault();
      this.check();
    });
    this.asking.append(
      make("label", { class: "check" }, TEXT.prediction, this.answer),
      make("button", { type: "submit" }, TEXT.check),
      button(TEXT.hint, TEXT.hintHint, () => this.hint(), "quiet"),
      this.said,
      this.score,
    );
    const rows = make(
      "div",
      { class: "bar" },
      make("h2", {}, TEXT.passes),
      this.partSelect,
      button("‹", TEXT.rowBefore, () => this.choose(this.part, this.wantedRow - 1), "tiny"),
      this.row,
      button("›", TEXT.rowAfter, () => this.choose(this.part, this.wantedRow + 1), "tiny"),
      make("label", { class: "check", for: "quiz" }, this.quiz, TEXT.quiz),
      button("×", TEXT.close, () => this.close(), "tiny"),
    );
    const steps = make(
      "div",
      { class: "bar" },
      button(TEXT.first, TEXT.first, () => this.go(-1), "quiet"),
      button(TEXT.before, TEXT.beforeHint, () => this.go(this.at - 1)),
      button(TEXT.next, TEXT.nextHint, () => this.next(), "primary next"),
      button(TEXT.nextGroup, TEXT.nextGroupHint, () => this.nextGroup()),
      button(TEXT.last, TEXT.last, () => this.go(Infinity), "quiet"),
      this.where,
    );
    this.place.append(rows, this.given, this.line, this.asking, steps, this.notes);
  }

  get isOpen(): boolean {
    return !this.place.hidden;
  }

  private within(number: number): number {
    const last = Math.max(0, (this.counts[this.part] ?? 1) - 1);
    return Math.max(0, Math.min(last, Number.isFinite(number) ? Math.round(number) : 0));
  }

  /** How many rows of each part can be chosen. */
  setRows(counts: Record<string, number>): void {
    this.counts = counts;
    const names = Object.keys(counts).filter((part) => counts[part]);
    this.partSelect.replaceChildren(
      ...names.map((part) => make("option", { value: part }, say(TEXT.rowsOf, { part: TEXT[part as "train"] }))),
    );
    if (!names.includes(this.part)) this.part = names[0];
    this.partSelect.value = this.part;
    this.wantedRow = this.within(this.wantedRow);
    this.forget();
    this.at = -1;
    if (this.isOpen) this.again();
  }

  /** Go through a row from its beginning. */
  choose(part: string, number: number): void {
    this.part = part;
    this.wantedRow = this.within(number);
    this.at = -1;
    this.again();
  }

  /** The network has changed: the same row, the same place. */
  again(): void {
    this.wanted = true;
    this.ask(this.part, this.wantedRow);
  }

  /** It can be asked for anew, as after a training: not after a refusal, which would come again. */
  get isWanted(): boolean {
    return this.isOpen && this.wanted;
  }

  /** A row was refused: no numbers are known, and the page's notice says why. */
  refused(): void {
    this.wanted = false;
    this.forget();
  }

  /** No numbers are those of the network in sight. */
  private forget(): void {
    this.found = null;
    this.given.textContent = this.where.textContent = "";
    this.line.replaceChildren();
    this.notes.replaceChildren();
    this.asking.hidden = true;
    this.shown(null, -1, false);
  }

  /** Numbers of another epoch are taken from the picture while it trains on. */
  stale(epoch: number, step: number): void {
    if (!this.isOpen || !this.found) return;
    if (this.found.epoch !== epoch || this.found.step !== step) this.shown(null, -1, false);
  }

  take(found: Passes): void {
    if (!this.wanted || found.part !== this.part || found.number !== this.wantedRow) return;
    this.found = found;
    this.partSelect.value = found.part;
    this.row.value = String(found.number + 1);
    this.at = Math.min(this.at, found.steps.length - 1);
    if (this.place.hidden) {
      this.right = this.asked = 0;
      this.place.hidden = false;
      this.onToggle(true, false);
    }
    const values = (all: number[]) => all.map((v) => short(v)).join(", ");
    this.given.textContent = `x = ${values(found.x)};  t = ${values(found.t)}`;
    this.notes.replaceChildren(
      make("summary", {}, TEXT.howToRead),
      ...found.lines.map((line) => make("p", {}, line)),
    );
    this.show();
  }

  close(): void {
    const root = this.place.getRootNode() as Document | ShadowRoot;
    const focused = this.place.contains(root.activeElement);
    this.wanted = false;
    this.place.hidden = true;
    this.shown(null, -1, false);
    this.onToggle(false, focused);
  }

  /** Whether it is time for a prediction: the next number is asked for before it is shown. */
  private get asks(): boolean {
    return this.quiz.checked && this.found !== null && this.at < this.found.steps.length - 1;
  }

  private go(at: number): void {
    if (!this.found) return;
    this.at = Math.max(-1, Math.min(this.found.steps.length - 1, at));
    this.said.textContent = "";
    this.show();
  }

  next(): void {
    this.go(this.at + 1);
  }

  before(): void {
    this.go(this.at - 1);
  }

  /** To the last number of the tensor that comes next. */
  nextGroup(): void {
    if (!this.found) return;
    const { steps } = this.found;
    let at = Math.min(this.at + 1, steps.length - 1);
    const formula = steps[at].formula;
    while (at + 1 < steps.length && steps[at + 1].formula === formula && steps[at + 1].layer === steps[at].layer) at++;
    this.go(at);
  }

  private check(): void {
    if (!this.found || !this.asks) return;
    const predicted = typed(this.answer.value);
    if (!Number.isFinite(predicted)) {
      this.said.textContent = TEXT.aNumber;
      this.said.className = "said";
      return;
    }
    const step = this.found.steps[this.at + 1];
    const good = isClose(predicted, step.value);
    this.asked += 1;
    if (good) this.right += 1;
    this.at += 1;
    this.show();
    this.said.textContent = say(good ? TEXT.right : TEXT.wrong, {
      name: step.name,
      value: exact(step.value),
      predicted: this.answer.value.trim(),
    });
    this.said.className = good ? "said good" : "said bad";
    this.answer.value = "";
    this.answer.focus();
  }

  private hint(): void {
    if (this.found && this.asks) this.write(this.found.steps[this.at + 1], true, false);
  }

  private show(): void {
    if (!this.found) return;
    const { steps, epoch } = this.found;
    const seen = { n: this.at + 1, all: steps.length, epoch: epoch + (this.found.step ? ` + ${this.found.step}` : "") };
    this.where.textContent = say(TEXT.ofSteps, seen);
    this.asking.hidden = !this.quiz.checked;
    this.score.textContent = this.asked ? say(TEXT.score, { right: this.right, asked: this.asked }) : "";
    if (this.asks) this.write(steps[this.at + 1], false, false);
    else if (this.at >= 0) this.write(steps[this.at], true, true);
    else this.line.replaceChildren(make("p", { class: "quiet" }, TEXT.passesBegin));
    this.shown(this.found, this.asks ? this.at + 1 : this.at, this.asks);
  }

  /** A step's formula; its numbers and its value, as far as they are to be seen. */
  private write(step: Step, numbers: boolean, value: boolean): void {
    const rows = [make("p", {}, make("b", {}, step.name), ` = ${step.formula}`)];
    if (numbers && step.product) rows.push(make("p", { class: "numbers" }, `= ${step.product}`));
    rows.push(make("p", { class: "numbers" }, value ? make("b", {}, `= ${exact(step.value)}`) : "= ?"));
    this.line.replaceChildren(make("span", { class: "phase" }, TEXT[step.phase]), ...rows);
  }
}

/** Five digits that matter, as the trace has them. */
export function exact(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e5)) return value.toExponential(4);
  return String(Number(value.toPrecision(5)));
}
