// The page in a notebook: the same, in a tree of its own so that no style leaks, over the kernel.

import { Page } from "./page";
import { deliver, type Listener, type Wire } from "./wire";

declare const STYLE: string; // page.css, put in place when this is built

/** What a notebook has of a widget: messages to and from the kernel. */
interface Model {
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[]): void;
  on(event: "msg:custom", act: (content: unknown, buffers: DataView[]) => void): void;
  off(event: "msg:custom", act: (content: unknown, buffers: DataView[]) => void): void;
}

class Kernel implements Wire {
  constructor(
    private model: Model,
    private listener: Listener,
  ) {
    model.on("msg:custom", this.take);
    queueMicrotask(() => this.send("hello")); // once the page is built
  }

  send(action: string, more: Record<string, unknown> = {}): void {
    this.model.send({ do: action, ...more });
  }

  async upload(file: File): Promise<string> {
    this.model.send({ file: file.name }, undefined, [await file.arrayBuffer()]);
    return "";
  }

  end(): void {
    this.model.off("msg:custom", this.take);
  }

  private take = (content: unknown, buffers: DataView[]): void => {
    if (typeof content === "string") {
      this.listener.message(JSON.parse(content));
      return;
    }
    const { buffer, byteOffset, byteLength } = buffers[0];
    const own = (buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength); // aligned
    deliver(this.listener, own);
  };
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  el.dataset.lmSuppressShortcuts = "true"; // keys are the page's, not the notebook's
  const root = el.attachShadow({ mode: "open" });
  const style = document.createElement("style");
  style.textContent = STYLE;
  const place = document.createElement("div");
  place.className = "page inside";
  place.tabIndex = -1;
  root.append(style, place);
  let kernel!: Kernel;
  const page = new Page(place, { keys: place, hasAddress: false }, (listener) => {
    kernel = new Kernel(model, listener);
    return kernel;
  });
  return () => {
    kernel.end();
    page.end();
  };
}

export default { render };
