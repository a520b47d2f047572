// Points that are drawn by mouse, by touch or by keys: classes in the plane, or y against x.

import { classColour, css, isDark, middle } from "./colours";
import { button, make } from "./controls";
import { download } from "./export";
import { TEXT, say } from "./messages";
import { prepared } from "./network";

export type Kind = "classes" | "numbers";

interface Point {
  x: number;
  y: number;
  group: number;
}

const CLASSES = ["A", "B", "C", "D"];
const APART = 9; // pixels between two points of one stroke
const LEAST = 12; // points: some of them validate, some test
const MOST = 2000;
const KEPT = "points";

/** The file that drawn points are. */
export const POINTS = "points.csv";

export interface PointActs {
  /** Learn the rows of a file, of which a column is the target. */
  train(file: File, target: string): void;
}

export class PointsPanel {
  readonly place = make("section", { class: "panel points", "aria-label": TEXT.points });
  private canvas = make("canvas", { tabindex: "0", role: "application", "aria-label": TEXT.pointsPicture });
  private said = make("output", { class: "quiet", "aria-live": "polite" });
  private kinds: Record<Kind, HTMLButtonElement>;
  private groups: HTMLButtonElement[];
  private groupRow: HTMLElement;
  private kind: Kind = "classes";
  private group = 0;
  private points: Point[] = [];
  private undone: Point[][] = []; // what there was before each stroke
  private cursor = { x: 0, y: 0, seen: false };
  private last: { x: number; y: number } | null = null;

  /** It has been opened, or closed while it had the focus. */
  onToggle: (open: boolean, focused: boolean) => void = () => {};

  constructor(private acts: PointActs) {
    this.place.hidden = true;
    this.kinds = {
      classes: button(TEXT.pointsClasses, TEXT.pointsClassesHint, () => this.setKind("classes"), "choice"),
      numbers: button(TEXT.pointsNumbers, TEXT.pointsNumbersHint, () => this.setKind("numbers"), "choice"),
    };
    this.groups = CLASSES.map((name, k) => {
      const found = button(name, say(TEXT.pointsGroup, { name, key: k + 1 }), () => this.setGroup(k), "chip");
      found.style.setProperty("--own", css(classColour(k)));
      return found;
    });
    this.groupRow = make("div", { class: "bar", role: "group", "aria-label": TEXT.pointsGroups }, ...this.groups);
    this.place.append(
      make(
        "div",
        { class: "bar" },
        make("h2", {}, TEXT.points),
        this.said,
        button("×", TEXT.close, () => this.toggle(), "tiny"),
      ),
      make("p", { class: "quiet" }, TEXT.pointsHint),
      make("div", { class: "bar" }, make("div", { class: "bar", role: "group" }, this.kinds.classes, this.kinds.numbers), this.groupRow),
      this.canvas,
      make(
        "div",
        { class: "bar" },
        button(TEXT.pointsTrain, TEXT.pointsTrainHint, () => this.train(), "primary"),
        button(TEXT.undo, TEXT.undoHint, () => this.undo()),
        button(TEXT.clear, TEXT.clearHint, () => this.change([])),
        button(TEXT.pointsSave, TEXT.pointsSaveHint, () => this.save(), "quiet"),
      ),
    );
    this.listen();
    this.restore();
    this.show();
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  get isOpen(): boolean {
    return !this.place.hidden;
  }

  toggle(): void {
    const root = this.place.getRootNode() as Document | ShadowRoot;
    const focused = this.place.contains(root.activeElement);
    this.place.hidden = !this.place.hidden;
    this.onToggle(this.isOpen, focused);
    this.draw();
    if (this.isOpen) this.place.scrollIntoView({ block: "nearest" });
  }

  private listen(): void {
    const canvas = this.canvas;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      canvas.setPointerCapture(event.pointerId);
      this.undone.push([...this.points]);
      this.last = null;
      this.put(event.offsetX, event.offsetY);
      this.cursor.seen = false;
    });
    canvas.addEventListener("pointermove", (event) => {
      if (this.last && Math.hypot(event.offsetX - this.last.x, event.offsetY - this.last.y) >= APART) {
        this.put(event.offsetX, event.offsetY);
      }
    });
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, () => (this.last = null));
    }
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("focus", () => this.draw());
    canvas.addEventListener("blur", () => {
      this.cursor.seen = false;
      this.draw();
    });
  }

  /** Arrows move a cross, Enter sets a point there, digits choose a colour, Backspace undoes. */
  private key(event: KeyboardEvent): void {
    const step = event.shiftKey ? 0.2 : 0.05;
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, step],
      ArrowDown: [0, -step],
    };
    const move = moves[event.key];
    if (move) {
      this.cursor.x = Math.max(-1, Math.min(1, this.cursor.x + move[0]));
      this.cursor.y = Math.max(-1, Math.min(1, this.cursor.y + move[1]));
      this.cursor.seen = true;
      this.draw();
    } else if (event.key === "Enter") {
      this.undone.push([...this.points]);
      this.add(this.cursor.x, this.cursor.y);
      this.cursor.seen = true;
      this.show();
    } else if (event.key === "Backspace" || ((event.ctrlKey || event.metaKey) && event.key === "z")) {
      this.undo();
    } else if (/^[1-4]$/.test(event.key) && this.kind === "classes") this.setGroup(Number(event.key) - 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private put(left: number, top: number): void {
    this.last = { x: left, y: top };
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.add((2 * left) / width - 1, 1 - (2 * top) / height);
    this.show();
  }

  private add(x: number, y: number): void {
    if (Math.abs(x) > 1 || Math.abs(y) > 1 || this.points.length >= MOST) return;
    this.points.push({ x, y, group: this.group });
  }

  private change(points: Point[]): void {
    this.undone.push(this.points);
    this.points = points;
    this.show();
  }

  private undo(): void {
    const before = this.undone.pop();
    if (before) this.points = before;
    this.show();
  }

  private setKind(kind: Kind): void {
    this.kind = kind;
    this.show();
  }

  private setGroup(group: number): void {
    this.group = group;
    this.show();
  }

  private show(): void {
    for (const [name, own] of Object.entries(this.kinds)) own.setAttribute("aria-pressed", String(name === this.kind));
    this.groups.forEach((own, k) => own.setAttribute("aria-pressed", String(k === this.group)));
    this.groupRow.hidden = this.kind === "numbers";
    this.say(say(TEXT.pointsCount, { n: this.points.length }));
    this.keep();
    this.draw();
  }

  private say(text: string): void {
    this.said.textContent = text;
  }

  /** The rows as a file, which is what is trained on. */
  get csv(): string {
    const number = (value: number) => value.toFixed(3);
    const rows =
      this.kind === "classes"
        ? this.points.map((p) => `${number(p.x)},${number(p.y)},${CLASSES[p.group]}`)
        : this.points.map((p) => `${number(p.x)},${number(p.y)}`);
    return [this.kind === "classes" ? "x1,x2,class" : "x,y", ...rows, ""].join("\n");
  }

  private train(): void {
    const groups = new Set(this.points.map((p) => p.group)).size;
    if (this.points.length < LEAST) this.say(say(TEXT.pointsFew, { n: LEAST }));
    else if (this.kind === "classes" && groups < 2) this.say(TEXT.pointsOneClass);
    else this.acts.train(new File([this.csv], POINTS, { type: "text/csv" }), this.kind === "classes" ? "class" : "y");
  }

  save(): void {
    download(new Blob([this.csv], { type: "text/csv" }), POINTS);
  }

  /** A reload of the page keeps them. */
  private keep(): void {
    try {
      const { kind, points } = this;
      sessionStorage.setItem(KEPT, JSON.stringify({ kind, points }));
    } catch {
      // where a browser keeps nothing, a reload forgets them
    }
  }

  private restore(): void {
    try {
      const found = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
      if (found) {
        this.kind = found.kind === "numbers" ? "numbers" : "classes";
        this.points = found.points;
      }
    } catch {
      this.points = [];
    }
  }

  draw(): void {
    if (!this.isOpen) return;
    const [context, width, height] = prepared(this.canvas);
    context.fillStyle = css(middle());
    context.fillRect(0, 0, width, height);
    const place = (x: number, y: number): [number, number] => [((x + 1) / 2) * width, ((1 - y) / 2) * height];
    context.strokeStyle = isDark() ? "#2b2f36" : "#e2e3e4";
    context.lineWidth = 1;
    context.strokeRect(0.5, 0.5, width - 1, height - 1);
    line(context, place(-1, 0), place(1, 0));
    line(context, place(0, -1), place(0, 1));
    const ink = isDark() ? "#e6e9ee" : "#24282d";
    for (const own of this.points) {
      context.fillStyle = this.kind === "classes" ? css(classColour(own.group)) : ink;
      context.strokeStyle = isDark() ? "#14161a" : "#ffffff";
      context.beginPath();
      context.arc(...place(own.x, own.y), 4, 0, 7);
      context.fill();
      context.stroke();
    }
    if (!this.cursor.seen) return;
    const [x, y] = place(this.cursor.x, this.cursor.y);
    context.strokeStyle = this.kind === "classes" ? css(classColour(this.group)) : ink;
    context.lineWidth = 2;
    line(context, [x - 9, y], [x + 9, y]);
    line(context, [x, y - 9], [x, y + 9]);
  }
}

function line(context: CanvasRenderingContext2D, from: [number, number], to: [number, number]): void {
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}
