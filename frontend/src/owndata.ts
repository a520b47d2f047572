// Data of one's own: a function that is typed, or a table, which is asked for the column to learn.

import { button, make } from "./controls";
import { TEXT } from "./messages";
import type { Scene } from "./wire";

export interface Acts {
  /** Learn a formula of x, or of x1 and x2. */
  formula(text: string): void;
  /** Give the engine a file. */
  upload(file: File): void;
  /** Learn a column of the file that was given. */
  target(name: string): void;
}

export class OwnDataPanel {
  readonly place: HTMLElement;
  private field = make("input", {
    id: "formula",
    placeholder: TEXT.formulaExample,
    title: TEXT.formulaHint,
    maxlength: "200",
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
  });
  private target = make("select", { id: "target" });
  private targetRow = make(
    "div",
    { class: "field" },
    make("label", { for: "target" }, TEXT.target),
    this.target,
  );
  private reportText = make("pre");
  private report = make("details", {}, make("summary", {}, TEXT.understood), this.reportText);
  private now = "";

  constructor(
    acts: Acts,
    keys: EventTarget,
    ...more: HTMLElement[]
  ) {
    const file = make("input", { type: "file", class: "unseen", tabindex: "-1" });
    file.addEventListener("change", () => {
      const own = file.files?.[0];
      if (own) acts.upload(own);
      file.value = "";
    });
    keys.addEventListener("dragover", (event) => event.preventDefault());
    keys.addEventListener("drop", (event) => {
      event.preventDefault();
      const own = (event as DragEvent).dataTransfer?.files[0];
      if (own) acts.upload(own);
    });
    this.field.addEventListener("change", () => {
      if (this.field.value.trim()) acts.formula(this.field.value.trim());
      else this.reset();
    });
    this.target.addEventListener("change", () => {
      if (this.target.value) acts.target(this.target.value);
    });
    this.targetRow.hidden = true;
    this.report.hidden = true;
    this.place = make(
      "section",
      { class: "group" },
      make("h2", {}, TEXT.ownData),
      make("div", { class: "formula" }, make("label", { for: "formula" }, TEXT.formula), this.field),
      button(TEXT.table, TEXT.tableHint, () => file.click()),
      file,
      this.targetRow,
      this.report,
      ...more,
    );
  }

  setScene(scene: Scene): void {
    this.now = String(scene.values["data.formula"] ?? "");
    this.reset();
  }

  /** Show again what the engine has, as after a formula that cannot be. */
  reset(): void {
    this.field.value = this.now;
  }

  askTarget(names: string[]): void {
    const options = ["", ...names].map((name) => make("option", { value: name }, name || "…"));
    this.target.replaceChildren(...options);
    this.targetRow.hidden = false;
    this.report.hidden = true;
    this.target.focus();
  }

  showReport(lines: string[]): void {
    this.reportText.textContent = lines.join("\n");
    this.report.hidden = false;
  }
}
