// The page: what is heard from the engine is drawn, what is done is sent.

import { AcrossView } from "./across";
import { PassesPanel } from "./backprop";
import { ByHandPanel, THREE_UNITS } from "./byhand";
import { onTheme, classColour, css } from "./colours";
import { Controls, KEYS, button, make, valueOf } from "./controls";
import { CurveStore, CurveView } from "./curves";
import { ExportPanel, download } from "./export";
import { EXAMPLES, LANGUAGE, LANGUAGES, TEXT, keepLanguage, say, short } from "./messages";
import { NetworkView } from "./network";
import { OwnDataPanel } from "./owndata";
import { PARTS, PlaneView } from "./plane";
import { POINTS, PointsPanel } from "./points";
import type { Arrays, Connect, Frame, Message, Passes, Scene, Wire } from "./wire";

const SPEEDS = ["epochs 0", "steps 1", "steps 5", "epochs 1", "epochs 2", "epochs 5", "epochs 10", "epochs 30"];
const VERDICT_EVERY = 4000; // milliseconds while it trains

/** Where a page is: what hears keys and takes files, and whether its address is its own. */
export interface Host {
  keys: EventTarget;
  hasAddress: boolean;
}

export class Page {
  private wire: Wire;
  private timer: number;
  private store = new CurveStore();
  private scene_: Scene | null = null;
  private frame_: Frame | null = null;
  private running = false;
  private waiting: [Frame, Arrays] | null = null;
  private judged = 0;

  private playButton = button(TEXT.play, TEXT.playHint, () => this.toggle(), "primary");
  private handButton = button(TEXT.byHandOpen, TEXT.byHandOpenHint, () => this.byHand.toggle(), "quiet hand");
  private traceButton = button(TEXT.passesOpen, TEXT.passesHint, () => this.togglePasses(), "quiet trace");
  private tools = make("div", { class: "tools" });
  private toolsButton = button("⋯", TEXT.tools, () => this.showTools(!this.tools.classList.contains("open")), "more");
  private counter = make("output", { class: "counter", "aria-label": TEXT.epoch }, "0");
  private slider = make("input", { type: "range", min: "0", max: "0", value: "0" });
  private speed = make("select", { "aria-label": TEXT.speed });
  private notice = make("p", { class: "notice", role: "alert" });
  private status = make("p", { class: "unseen", role: "status", "aria-live": "polite" });
  private tip = make("div", { class: "tip", role: "status" });
  private planeTip = make("div", { class: "tip", role: "status" });
  private layerButtons = make("div", { class: "layers" });
  private asked = make("p", { class: "asked", role: "note" });
  private compared = make("p", { class: "legend" });
  private networks = make("div", { class: "networks", role: "group", "aria-label": TEXT.compare });
  private across = new AcrossView(
    () => this.curves,
    (network) => this.wire.send("focus", { number: network }),
  );
  private axes = make("div", { class: "axes" });
  private readings = [make("span", { class: "reading" }), make("span", { class: "reading" })];
  private norms = make("div", { class: "norms" });
  private verdict = make("div", { class: "verdict" }, TEXT.noVerdict);
  private addressed = false;
  private pictures = [0, 1].map(() => make("canvas", { role: "application", tabindex: "0" }));
  private discrete = make("input", { type: "checkbox", id: "discrete" });
  private planeTitle = make("h2", {}, TEXT.outputMap);
  private curveTitles = [make("h2"), make("h2")];

  private passes = new PassesPanel(
    (part, number) => this.wire.send("passes", { value: part, number }),
    (found, at, ahead) => this.network.setPasses(found, at, ahead),
  );
  private byHand = new ByHandPanel({
    set: (key, inputs, number) => this.wire.send("weight", { key, inputs, number }),
    begin: () => {
      this.pause();
      this.wire.send("words", { values: THREE_UNITS });
    },
    train: () => this.toggle(),
  });
  private points = new PointsPanel({ train: (file, target) => void this.learn(file, target) });
  private pointsButton = button(TEXT.pointsOpen, TEXT.pointsOpenHint, () => this.points.toggle());
  private drawn = ""; // the target of points that were sent, until the engine asks for it
  private network: NetworkView;
  private plane: PlaneView;
  private curves: CurveView[];
  private controls: Controls;
  private ownData: OwnDataPanel;
  private export: ExportPanel;
  private compareKey = make("select", { "aria-label": TEXT.compareKey });
  private compareValues = make("input", {
    "aria-label": TEXT.compareValues,
    placeholder: TEXT.compareValues,
  });

  constructor(
    private place: HTMLElement,
    private host: Host,
    connect: Connect,
  ) {
    this.wire = connect(this);
    place.lang = LANGUAGE;
    const [networkCanvas, planeCanvas] = this.pictures;
    const places = [0, 1].map(() => make("div", { class: "plot", role: "img" }));
    const settings = make("div", { class: "settings" });
    this.tip.hidden = this.planeTip.hidden = true;
    this.notice.hidden = true;
    place.append(
      this.header(),
      this.notice,
      make(
        "main",
        {},
        settings,
        this.middle(networkCanvas, places),
        make("div", { class: "side" }, this.planePanel(planeCanvas), this.normsPanel(), this.verdictPanel()),
      ),
      this.status,
    );
    this.network = new NetworkView(networkCanvas, this.tip);
    this.network.onLayout = (places, gap) => this.placeLayerButtons(places, gap);
    this.plane = new PlaneView(planeCanvas, this.planeTip);
    this.plane.onRow = (part, number) => {
      this.pause();
      this.passes.choose(part, number);
    };
    this.passes.onToggle = (open, focused) => this.panel(this.traceButton, open, focused);
    this.byHand.onToggle = (open, focused) => this.panel(this.handButton, open, focused);
    this.points.onToggle = (open, focused) => this.panel(this.pointsButton, open, focused);
    this.panel(this.pointsButton, false, false);
    this.panel(this.traceButton, false, false);
    this.panel(this.handButton, false, false);
    this.curves = [0, 1].map(
      (q) => new CurveView(places[q], this.store, q as 0 | 1, (epoch) => this.back(epoch)),
    );
    this.controls = new Controls(settings, (key, value) => this.set(key, value));
    this.ownData = new OwnDataPanel(
      {
        formula: (text) => this.set("data.formula", text),
        upload: (file) => void this.upload(file),
        target: (name) => this.wire.send("target", { value: name }),
      },
      host.keys,
      this.pointsButton,
    );
    settings.prepend(this.examplePanel(), this.ownData.place);
    this.export = new ExportPanel({
      title: () => this.sheetTitle(),
      rows: () => this.sheets(networkCanvas, planeCanvas, places),
      say: (text) => this.say(text),
      run: () => {
        this.inform(TEXT.exporting);
        this.wire.send("export");
      },
    });
    settings.append(this.comparePanel(), this.export.place);
    if (host.hasAddress) settings.append(this.languagePanel()); // in a notebook it is the browser's
    onTheme(() => this.redraw());
    this.inform(TEXT.starting);
    host.keys.addEventListener("keydown", (event) => this.key(event as KeyboardEvent));
    this.timer = window.setInterval(() => this.running && this.judge(), VERDICT_EVERY);
  }

  /** Somebody has taken the page away. */
  end(): void {
    clearInterval(this.timer);
  }

  private header(): HTMLElement {
    for (const own of SPEEDS) {
      const [pace, n] = own.split(" ");
      const [one, many] = pace === "steps" ? [TEXT.oneStep, TEXT.stepsPerSecond] : [TEXT.oneEpoch, TEXT.perSecond];
      const text = n === "0" ? TEXT.fastest : n === "1" ? one : say(many, { n });
      this.speed.append(make("option", { value: own }, text));
    }
    this.speed.addEventListener("change", () => {
      const [value, number] = this.speed.value.split(" ");
      this.wire.send("speed", { value, number: Number(number) });
    });
    this.slider.setAttribute("aria-label", TEXT.backTo);
    this.tools.append(
      this.handButton,
      this.traceButton,
      button(TEXT.copy, TEXT.copy, () => this.wire.send("command"), "quiet"),
    );
    this.tools.addEventListener("click", () => this.showTools(false));
    this.showTools(false);
    this.slider.addEventListener("change", () => this.back(Number(this.slider.value)));
    return make(
      "header",
      {},
      make("h1", {}, TEXT.title),
      make(
        "div",
        { class: "transport" },
        this.playButton,
        button(TEXT.step, TEXT.stepHint, () => this.wire.send("step")),
        button(TEXT.epoch, TEXT.epochHint, () => this.wire.send("epoch")),
        button(TEXT.restart, TEXT.restartHint, () => this.wire.send("restart")),
      ),
      make("label", { class: "time" }, TEXT.epoch, this.counter, this.slider),
      this.speed,
      this.toolsButton,
      this.tools,
    );
  }

  /** On a narrow page what is not needed all the time lies behind a button. */
  private showTools(open: boolean): void {
    this.tools.classList.toggle("open", open);
    this.toolsButton.setAttribute("aria-expanded", String(open));
  }

  private middle(canvas: HTMLCanvasElement, places: HTMLElement[]): HTMLElement {
    const log = make("input", { type: "checkbox", id: "log" });
    log.addEventListener("change", () => {
      this.curves[0].logarithmic = log.checked;
      this.curves[0].rebuild();
    });
    const curve = (k: number, ...more: Node[]) =>
      make(
        "section",
        { class: "panel curve" },
        make("div", { class: "bar" }, this.curveTitles[k], this.readings[k], ...more),
        places[k],
      );
    return make(
      "div",
      { class: "middle" },
      this.asked,
      make("section", { class: "panel net" }, this.layerButtons, canvas, this.tip),
      this.points.place,
      this.byHand.place,
      this.passes.place,
      this.networks,
      this.compared,
      make(
        "div",
        { class: "charts" },
        curve(0, make("label", { class: "check", for: "log" }, log, TEXT.logarithmic)),
        curve(1),
      ),
      this.across.place,
    );
  }

  private planePanel(canvas: HTMLCanvasElement): HTMLElement {
    const checks = PARTS.map((part) => {
      const box = make("input", { type: "checkbox", id: `show-${part}` });
      box.checked = part !== "test";
      box.addEventListener("change", () => {
        this.plane.shown[part] = box.checked;
        this.plane.draw();
      });
      const mark = make("i", { class: `mark ${part}`, "aria-hidden": "true" });
      return make("label", { class: "check", for: `show-${part}` }, box, mark, TEXT[part]);
    });
    return make(
      "section",
      { class: "panel plane" },
      make("div", { class: "bar" }, this.planeTitle, this.axes),
      canvas,
      this.planeTip,
      make("div", { class: "bar" }, ...checks, this.discreteCheck()),
    );
  }

  /** Of a map alone: a curve shows what it is. */
  private discreteCheck(): HTMLElement {
    this.discrete.addEventListener("change", () => {
      this.plane.discrete = this.discrete.checked;
      this.plane.draw();
    });
    const label = { class: "check", for: "discrete", title: TEXT.discreteHint };
    return make("label", label, this.discrete, TEXT.discrete);
  }

  private normsPanel(): HTMLElement {
    return make("section", { class: "panel" }, make("h2", {}, TEXT.gradient), this.norms);
  }

  private verdictPanel(): HTMLElement {
    return make("section", { class: "panel" }, make("h2", {}, TEXT.verdict), this.verdict);
  }

  private comparePanel(): HTMLElement {
    this.compareKey.addEventListener("change", () => this.suggestValues());
    const start = () =>
      this.wire.send("compare", {
        key: this.compareKey.value,
        values: this.compareValues.value.split(/,(?![^[]*\])/).map((v) => v.trim()).filter(Boolean),
      });
    return make(
      "section",
      { class: "group" },
      make("h2", {}, TEXT.compare),
      this.compareKey,
      this.compareValues,
      make(
        "div",
        { class: "bar" },
        button(TEXT.compareStart, TEXT.compareStart, start),
        button(TEXT.compareEnd, TEXT.compareEnd, () => this.wire.send("alone"), "quiet"),
      ),
    );
  }

  /** The question of an example stays in sight while its network trains, and after a reload. */
  private ask(): void {
    const all = new Set(wordsNow(this.scene_!));
    const found = EXAMPLES.find((own) => own.words.every((word) => all.has(word)));
    this.asked.textContent = found?.question ?? "";
  }

  private examplePanel(): HTMLElement {
    const select = make("select", { "aria-label": TEXT.examples });
    select.append(make("option", { value: "" }, TEXT.examples));
    EXAMPLES.forEach((own, k) => select.append(make("option", { value: String(k) }, own.title)));
    select.addEventListener("change", () => {
      const own = EXAMPLES[Number(select.value)];
      if (!select.value) return;
      this.wire.send("words", { values: own.words });
      select.value = "";
    });
    return make("section", { class: "group" }, select);
  }

  /** The engine goes on as it was: only the page is built anew. */
  private languagePanel(): HTMLElement {
    const select = make("select", { id: "language" });
    for (const [name, [own]] of Object.entries(LANGUAGES)) {
      select.append(make("option", { value: name, lang: name }, own));
    }
    select.value = LANGUAGE;
    select.addEventListener("change", () => keepLanguage(select.value) && location.reload());
    const label = make("label", { for: "language" }, TEXT.language);
    return make("section", { class: "group" }, make("div", { class: "field" }, label, select));
  }

  /** The address holds the settings, so that it can be kept or passed on. */
  private setAddress(scene: Scene): void {
    if (!this.host.hasAddress) return;
    const all = wordsNow(scene);
    if (all.some((word) => word.startsWith("data.path="))) return; // a copy on this machine
    const wanted = wordsOf(location.hash.slice(1));
    if (!this.addressed && wanted.length && wanted.join("&") !== all.join("&")) {
      this.addressed = true;
      this.wire.send("words", { values: wanted });
      return;
    }
    this.addressed = true;
    history.replaceState(null, "", `#${all.map(encodeURIComponent).join("&")}`);
  }

  private sheetTitle(): string {
    const [scene, frame] = [this.scene_, this.frame_];
    if (!scene || !frame) return TEXT.title;
    const data = String(scene.values["data.formula"] ?? scene.values["data.name"]);
    const where = say(TEXT.sheet, { data, epoch: frame.epoch.toLocaleString(LANGUAGE) });
    return [where, scene.labels[frame.focus]].filter(Boolean).join(", ");
  }

  /** Network beside output, curves below. */
  private sheets(network: HTMLCanvasElement, plane: HTMLCanvasElement, places: HTMLElement[]) {
    const heading = (own: HTMLElement) => own.textContent ?? "";
    const curves = places.flatMap((own, k) => {
      const found = own.querySelector("canvas");
      return found ? [[heading(this.curveTitles[k]), found] as [string, HTMLCanvasElement]] : [];
    });
    const first: [string, HTMLCanvasElement][] = [
      [TEXT.network, network],
      [heading(this.planeTitle), plane],
    ];
    return [first, curves].filter((row) => row.length);
  }

  /** A file that the engine has made. */
  file(name: string, content: Uint8Array): void {
    this.inform("");
    download(new Blob([content as Uint8Array<ArrayBuffer>]), name);
  }

  private async upload(file: File): Promise<void> {
    this.drawn = "";
    this.say(await this.wire.upload(file));
  }

  /** Learn points that were drawn: a file like others, whose target is known. */
  private async learn(file: File, target: string): Promise<void> {
    this.pause();
    this.drawn = target;
    this.say(await this.wire.upload(file));
  }

  private askTarget(names: string[]): void {
    if (this.drawn) this.wire.send("target", { value: this.drawn });
    else this.ownData.askTarget(names);
    this.drawn = "";
  }

  private suggestValues(): void {
    const choices = this.scene_?.choices[this.compareKey.value];
    if (choices) this.compareValues.value = choices.slice(0, 3).join(", ");
    else {
      const value = Number(valueOf(this.scene_!, this.compareKey.value));
      const whole = Number.isInteger(value) && !this.compareKey.value.startsWith("optimizer");
      const all = whole ? [value, value + 1, value + 2] : [value / 10, value, value * 10];
      if (Number.isFinite(value) && value) this.compareValues.value = all.map(short).join(", ");
      else this.compareValues.value = whole ? "0, 1, 2" : "";
    }
  }

  private set(key: string, value: string): void {
    this.say("");
    this.wire.send("set", { key, value });
  }

  private back(epoch: number): void {
    const last = this.frame_?.last ?? 0;
    this.wire.send("back", { number: Math.max(0, Math.min(last, epoch)) });
  }

  private toggle(): void {
    this.say("");
    this.wire.send(this.running ? "pause" : "play");
  }

  private pause(): void {
    if (this.running) this.wire.send("pause");
  }

  /** A panel is open or not: its button says so, and has the focus that the panel had. */
  private panel(opener: HTMLElement, open: boolean, focused: boolean): void {
    opener.setAttribute("aria-expanded", String(open));
    if (!open && focused) opener.focus();
  }

  private togglePasses(): void {
    if (this.passes.isOpen) this.passes.close();
    else {
      this.pause();
      this.passes.again();
    }
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(INPUT|SELECT|TEXTAREA|SUMMARY)$/.test(target.tagName)) return;
    const acts: Record<string, () => void> = {
      " ": () => this.toggle(),
      s: () => this.wire.send("step"),
      e: () => this.wire.send("epoch"),
      r: () => this.wire.send("restart"),
      b: () => this.togglePasses(),
      h: () => this.byHand.toggle(),
      d: () => this.points.toggle(),
    };
    if (this.passes.isOpen) {
      acts.arrowright = () => this.passes.next();
      acts.arrowleft = () => this.passes.before();
      acts.arrowdown = () => this.passes.nextGroup();
      acts.escape = () => {
        this.passes.close();
        this.traceButton.focus();
      };
    }
    const act = acts[event.key.toLowerCase()];
    if (!act || (event.key === " " && target.tagName === "BUTTON")) return;
    event.preventDefault();
    act();
  }

  /** What is wrong, in one line. */
  private say(text: string): void {
    this.inform(text);
    this.notice.classList.toggle("wrong", Boolean(text));
  }

  private inform(text: string): void {
    this.notice.classList.remove("wrong");
    this.notice.textContent = text;
    this.notice.hidden = !text;
  }

  scene(scene: Scene, arrays: Arrays): void {
    const first = !this.scene_;
    this.scene_ = scene;
    if (first) {
      this.inform("");
      this.ask();
    }
    this.frame_ = null;
    this.waiting = null;
    this.store.begin(scene.labels.length, scene.curves.length);
    this.controls.setScene(scene);
    this.ownData.setScene(scene);
    this.network.setScene(scene);
    this.plane.setScene(scene, arrays);
    this.byHand.setScene(scene, arrays);
    this.curves.forEach((view, k) => {
      view.setScene(scene);
      const name = view.name;
      this.curveTitles[k].textContent = k ? name : `${TEXT.loss} (${scene.loss})`;
    });
    this.planeTitle.textContent = scene.axes.length === 1 ? TEXT.fit : TEXT.outputMap;
    this.discrete.parentElement!.hidden = scene.axes.length !== 2;
    this.describe(scene);
    this.across.setScene(scene);
    this.setCompare(scene);
    this.setAddress(scene);
    this.setAxes(scene);
    const count = (part: string) => arrays[`${part}_targets`]?.data.length ?? 0;
    this.passes.setRows(Object.fromEntries(PARTS.map((part) => [part, count(part)])));
    this.verdict.textContent = TEXT.noVerdict;
  }

  /** What a screen reader is told of both pictures. */
  private describe(scene: Scene): void {
    const [network, plane] = this.pictures;
    const axes = scene.axes.map((axis) => axis.name).join(", ");
    network.setAttribute("aria-label", say(TEXT.networkPicture, { sizes: scene.sizes.join(", ") }));
    plane.setAttribute("aria-label", say(TEXT.planePicture, { axes }));
  }

  private setCompare(scene: Scene): void {
    const [key, values] = scene.compared;
    const keys = KEYS.filter((k) => k in scene.values || `${k}.name` in scene.values);
    const now = key ?? (this.compareKey.value || "optimizer.lr");
    this.compareKey.replaceChildren(...keys.map((k) => make("option", { value: k }, k)));
    this.compareKey.value = keys.includes(now) ? now : keys[0];
    if (key) this.compareValues.value = values.join(", ");
    else if (!this.compareValues.value) this.suggestValues();
    this.networks.hidden = scene.labels.length < 2;
    this.compared.textContent = scene.labels.length < 2 ? "" : TEXT.compared;
  }

  /** A button for each network, which stays while another is looked at: it may have the focus. */
  private setNetworks(): void {
    const { labels } = this.scene_!;
    const titles = [...this.networks.children].map((own) => (own as HTMLElement).title);
    if (titles.join("\n") !== labels.join("\n")) this.networks.replaceChildren(...labels.map((own, k) => this.chip(own, k)));
    [...this.networks.children].forEach((own, k) => own.setAttribute("aria-pressed", String(k === this.frame_!.focus)));
  }

  private chip(label: string, k: number): HTMLElement {
    const text = label.slice(label.indexOf("=") + 1);
    const found = button(text, label, () => this.wire.send("focus", { number: k }), "chip");
    found.style.setProperty("--own", css(classColour(k)));
    return found;
  }

  private setAxes(scene: Scene): void {
    this.axes.replaceChildren();
    if (scene.inputs.length < 3) return;
    const selects = scene.axes.map((axis, k) => {
      const found = make("select", { "aria-label": k ? TEXT.up : TEXT.across });
      scene.inputs.forEach((name, n) => found.append(make("option", { value: String(n) }, name)));
      found.value = String(axis.input);
      return found;
    });
    for (const own of selects) {
      own.addEventListener("change", () =>
        this.wire.send("axes", { inputs: selects.map((s) => Number(s.value)) }),
      );
    }
    this.axes.append(...selects);
  }

  frame(frame: Frame, arrays: Arrays): void {
    if (!this.scene_) return;
    const draw = this.waiting === null;
    if (this.waiting) this.note(...this.waiting);
    this.waiting = [frame, arrays];
    if (draw) requestAnimationFrame(() => this.drawWaiting());
  }

  /** A frame that another has overtaken: only its curves count. */
  private note(frame: Frame, arrays: Arrays): void {
    this.store.take(frame.after, arrays.curves);
    this.wire.send("seen", { number: frame.frame });
  }

  private drawWaiting(): void {
    if (!this.waiting) return;
    const [frame, arrays] = this.waiting;
    this.waiting = null;
    this.note(frame, arrays);
    const first = this.frame_ === null;
    this.frame_ = frame;
    this.counter.textContent = frame.epoch.toLocaleString("en") + (frame.step ? ` + ${frame.step}` : "");
    this.slider.max = String(frame.last);
    const root = this.place.getRootNode() as Document | ShadowRoot;
    if (root.activeElement !== this.slider) this.slider.value = String(frame.epoch);
    this.network.setFrame(arrays);
    this.plane.setFrame(arrays);
    this.byHand.setFrame(frame, arrays);
    this.curves.forEach((view, k) => {
      view.update(frame.epoch, frame.best[frame.focus]);
      this.read(view, k, frame);
    });
    this.across.setFrame(frame.epoch, frame.focus);
    this.drawNorms(arrays);
    this.export.drawn();
    if (first) this.setNetworks();
    this.passes.stale(frame.epoch, frame.step);
  }

  private read(view: CurveView, k: number, frame: Frame): void {
    const now = view.at(frame.epoch, frame.focus);
    this.readings[k].replaceChildren(
      ...PARTS.filter((part) => now[part] !== null).map((part) =>
        make("span", { class: part }, `${TEXT[part]} ${short(now[part]!)}`),
      ),
    );
  }

  private drawNorms(arrays: Arrays): void {
    const norms = arrays.gradient_norms;
    if (!norms) {
      this.norms.replaceChildren();
      return;
    }
    const powers = Array.from(norms.data, (v) => Math.log10(Math.max(v, 1e-8)));
    this.norms.replaceChildren(
      ...powers.map((power, k) => {
        const bar = make("i");
        bar.style.width = `${Math.max(1, Math.min(100, ((power + 6) / 8) * 100))}%`;
        const value = make("b", {}, short(norms.data[k]));
        return make("div", {}, make("span", {}, `Ω${k}`), make("em", {}, bar), value);
      }),
    );
  }

  private placeLayerButtons(places: string[], gap: number): void {
    const scene = this.scene_!;
    const widths = scene.sizes.slice(1, -1);
    const width = (changed: number[]) =>
      new Set(changed).size === 1 ? String(changed[0]) : `[${changed.join(",")}]`;
    const groups = widths.map((own, k) => {
      const to = (units: number) =>
        this.set("model.width", width(widths.map((w, n) => (n === k ? units : w))));
      const n = k + 1;
      const minus = button("−", say(TEXT.dropUnit, { n }), () => to(own - 1), "tiny");
      const plus = button("+", say(TEXT.addUnit, { n }), () => to(own + 1), "tiny");
      minus.disabled = own < 2;
      const found = make("div", { class: "layer" }, minus, make("span", {}, String(own)), plus);
      found.style.left = places[k + 1];
      return found;
    });
    this.layerButtons.classList.toggle("tight", gap < 76);
    this.layerButtons.classList.toggle("narrow", gap < 54);
    const depth = widths.length;
    const less = button("−", TEXT.dropLayer, () => this.setDepth(depth - 1), "tiny");
    const more = button("+", TEXT.addLayer, () => this.setDepth(depth + 1), "tiny");
    less.disabled = depth < 1;
    const all = make("div", { class: "depth" }, TEXT.layers, less, make("span", {}, String(depth)), more);
    this.layerButtons.replaceChildren(all, ...groups);
  }

  /** Layers of one width; where widths differ, the first one's. */
  private setDepth(depth: number): void {
    this.wire.send("depth", { number: depth });
  }

  message(message: Message): void {
    if (message.kind === "state") this.setRunning(message);
    else if (message.kind === "refused" || message.kind === "failed") {
      this.say(message.line ?? "");
      this.controls.reset();
      this.ownData.reset();
      if (message.of === "weight") this.byHand.refused();
      if (message.of === "passes") this.passes.refused();
    } else if (message.kind === "command") void this.copy(message);
    else if (message.kind === "taken") {
      this.inform(message.went_on ? TEXT.trainedOn : "");
      if (!message.went_on) this.ask();
    } else if (message.kind === "columns") this.askTarget(message.names ?? []);
    else if (message.kind === "report") this.ownData.showReport(message.lines ?? []);
    else if (message.kind === "passes") this.passes.take(message as unknown as Passes);
    else if (message.kind === "speed") this.speed.value = `${message.value} ${message.number}`;
    else if (message.kind === "verdict") this.showVerdict(message.lines ?? []);
  }

  private setRunning(message: Message): void {
    this.running = message.running ?? false;
    this.playButton.textContent = this.running ? TEXT.pause : TEXT.play;
    this.playButton.setAttribute("aria-pressed", String(this.running));
    this.byHand.setRunning(this.running);
    if (message.why) this.inform(message.why);
    if (!this.running) {
      requestAnimationFrame(() => this.tell());
      if (this.passes.isWanted) this.passes.again();
      this.judge();
    }
  }

  /** What a screen reader hears: where it stands. */
  private tell(): void {
    if (!this.frame_ || !this.frame_.epoch) return;
    const part = this.scene_!.rows.val ? "val" : "train";
    const { epoch, focus } = this.frame_;
    const [loss, score] = this.curves.map((view) => view.at(epoch, focus)[part] ?? NaN);
    const values = { epoch, part: TEXT[part], loss: short(loss), score: short(score) };
    this.status.textContent = say(TEXT.status, { ...values, metric: this.curves[1].name });
  }

  private judge(): void {
    const epoch = this.frame_?.epoch ?? 0;
    if (!epoch || (epoch === this.judged && this.running)) return;
    this.judged = epoch;
    this.wire.send("verdict");
  }

  private showVerdict(lines: string[]): void {
    this.verdict.replaceChildren(
      ...lines.map((line) =>
        line.startsWith("try: ")
          ? make("p", {}, make("code", {}, line.slice(5)))
          : make("p", {}, line),
      ),
    );
  }

  private async copy(message: Message): Promise<void> {
    const line = message.line ?? "";
    let copied = TEXT.copied;
    try {
      await navigator.clipboard.writeText(line);
    } catch {
      copied = ""; // a browser may forbid it: the line can be read and copied by hand
    }
    this.inform([copied && `${copied}:`, line, message.unlike && `(${message.unlike})`].filter(Boolean).join(" "));
    if (message.file === POINTS) {
      this.notice.append(" ", button(TEXT.pointsSave, TEXT.pointsSaveHint, () => this.points.save()));
    }
  }

  private redraw(): void {
    this.network.draw();
    this.plane.draw();
    this.byHand.draw();
    this.across.draw();
    this.points.draw();
    this.curves.forEach((view) => view.rebuild());
  }

  closed(): void {
    this.running = false;
    this.playButton.textContent = TEXT.play;
    if (!this.notice.classList.contains("wrong")) this.say(TEXT.gone);
  }
}

/** The settings in words, as a command line has them. */
function wordsNow(scene: Scene): string[] {
  const [key, values] = scene.compared;
  return [...scene.words, ...(key ? [`${key}=${values.join(",")}`] : [])];
}

/** The words of an address, between &; former addresses have spaces between them. */
function wordsOf(hash: string): string[] {
  const pieces = hash.includes("&") ? hash.split("&") : hash.split("%20");
  return pieces.map(decodeURIComponent).filter(Boolean);
}
