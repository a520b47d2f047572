// What can be kept of the page: the run as a folder, a picture, and a film of the training.

import { isDark } from "./colours";
import { button, make } from "./controls";
import { TEXT } from "./messages";

const GAP = 16;
const LINE = 30;
const LONGEST = 120; // seconds of a film
const FILMS = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm", "video/mp4"];

export interface Shown {
  /** What stands above all. */
  title(): string;
  /** The pictures of the page with their headings, row by row. */
  rows(): [string, HTMLCanvasElement][][];
  say(text: string): void;
  run(): void;
}

/** Let the browser keep something as a file. */
export function download(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = make("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export class ExportPanel {
  readonly place: HTMLElement;
  private sheet = make("canvas");
  private recorder: MediaRecorder | null = null;
  private filmButton = button(TEXT.film, TEXT.filmHint, () => this.film());
  private timer = 0;

  constructor(private shown: Shown) {
    this.place = make(
      "section",
      { class: "group" },
      make("h2", {}, TEXT.export),
      button(TEXT.exportRun, TEXT.exportRunHint, () => shown.run()),
      make("div", { class: "pair" }, button(TEXT.picture, TEXT.pictureHint, () => this.picture()), this.filmButton),
    );
  }

  /** A frame has been drawn: it is one of the film, where there is one. */
  drawn(): void {
    if (this.recorder) this.compose();
  }

  private picture(): void {
    this.compose();
    this.sheet.toBlob((found) => found && download(found, "mlp-lab.png"));
  }

  private film(): void {
    if (this.recorder) {
      this.recorder.stop();
      return;
    }
    const type = typeof MediaRecorder === "undefined" ? "" : FILMS.find((own) => MediaRecorder.isTypeSupported(own));
    if (!type) {
      this.shown.say(TEXT.filmNot);
      return;
    }
    this.compose();
    const recorder = new MediaRecorder(this.sheet.captureStream(30), { mimeType: type });
    const pieces: Blob[] = [];
    recorder.ondataavailable = (event) => pieces.push(event.data);
    recorder.onstop = () => {
      clearTimeout(this.timer);
      this.recorder = null;
      this.setFilming(false);
      const ending = type.startsWith("video/mp4") ? "mp4" : "webm";
      download(new Blob(pieces, { type }), `mlp-lab.${ending}`);
    };
    recorder.start(1000);
    this.recorder = recorder;
    this.timer = window.setTimeout(() => recorder.stop(), LONGEST * 1000);
    this.setFilming(true);
  }

  private setFilming(on: boolean): void {
    this.filmButton.textContent = on ? TEXT.filmEnd : TEXT.film;
    this.filmButton.setAttribute("aria-pressed", String(on));
  }

  /** All pictures on one sheet; its size stays while a film is taken. */
  private compose(): void {
    const ratio = devicePixelRatio || 1;
    const [gap, line] = [GAP * ratio, LINE * ratio];
    const rows = this.shown.rows();
    const width = (row: [string, HTMLCanvasElement][]) =>
      row.reduce((sum, [, own]) => sum + own.width + gap, gap);
    const height = (row: [string, HTMLCanvasElement][]) => Math.max(...row.map(([, own]) => own.height));
    if (!this.recorder) {
      this.sheet.width = Math.max(...rows.map(width));
      this.sheet.height = rows.reduce((sum, row) => sum + line + height(row), 2 * gap + line);
    }
    const context = this.sheet.getContext("2d")!;
    context.fillStyle = isDark() ? "#181a1e" : "#ffffff";
    context.fillRect(0, 0, this.sheet.width, this.sheet.height);
    context.fillStyle = isDark() ? "#e6e9ee" : "#24282d";
    context.font = `600 ${15 * ratio}px system-ui, sans-serif`;
    context.fillText(this.shown.title(), gap, gap + 14 * ratio, this.sheet.width - 2 * gap);
    context.font = `600 ${13 * ratio}px system-ui, sans-serif`;
    let top = gap + line;
    for (const row of rows) {
      let left = gap;
      for (const [heading, own] of row) {
        context.fillText(heading, left, top + 18 * ratio);
        if (own.width && own.height) context.drawImage(own, left, top + line);
        left += own.width + gap;
      }
      top += line + height(row);
    }
  }
}
