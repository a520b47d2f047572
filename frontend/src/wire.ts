// The socket to the engine: commands as JSON, answers as JSON or as a frame of arrays.

import { TEXT, say } from "./messages";

export type Numbers = Float32Array | Uint8Array;
export interface Arr {
  shape: number[];
  data: Numbers;
}
export type Arrays = Record<string, Arr>;

export interface Axis {
  input: number;
  name: string;
  low: number;
  high: number;
  center: number;
  scale: number;
}

export interface Scene {
  scene: true;
  labels: string[];
  words: string[];
  compared: [string | null, string[]];
  inputs: string[];
  sizes: number[];
  activations: string[];
  output: string;
  loss: string;
  task: string;
  target: string;
  classes: string[] | null;
  target_scale: [number, number];
  curves: string[];
  epochs: number;
  rows: Record<string, number>;
  steps: number;
  plain: boolean;
  axes: Axis[];
  values: Record<string, unknown>;
  choices: Record<string, string[]>;
}

export interface Frame {
  frame: number;
  epoch: number;
  step: number;
  last: number;
  after: number;
  focus: number;
  best: number[];
  stops: string;
  ended: string;
  now: Record<string, number>;
}

/** One number of a pass: name = formula = product = value, at a unit, or an edge from `source`. */
export interface Step {
  name: string;
  formula: string;
  product: string;
  value: number;
  phase: "forward" | "backward";
  layer: number;
  unit: number;
  source: number | null;
}

export interface Passes {
  part: string;
  number: number;
  epoch: number;
  step: number;
  lines: string[];
  x: number[];
  t: number[];
  steps: Step[];
}

export interface Message extends Partial<Omit<Passes, "lines" | "steps">> {
  kind:
    | "state"
    | "refused"
    | "failed"
    | "taken"
    | "command"
    | "verdict"
    | "columns"
    | "report"
    | "passes"
    | "speed";
  steps?: Step[];
  names?: string[];
  running?: boolean;
  why?: string;
  line?: string;
  lines?: string[];
  unlike?: string;
  file?: string;
  of?: string;
  value?: string;
  went_on?: boolean;
}

export interface Listener {
  scene(scene: Scene, arrays: Arrays): void;
  frame(frame: Frame, arrays: Arrays): void;
  message(message: Message): void;
  file(name: string, content: Uint8Array): void;
  closed(): void;
}

/** Give a listener what bytes hold: a scene, a frame, or a file. */
export function deliver(listener: Listener, buffer: ArrayBuffer): void {
  const [header, arrays] = unpack(buffer);
  if ("scene" in header) listener.scene(header, arrays);
  else if ("file" in header) listener.file(header.file, arrays.content.data as Uint8Array);
  else listener.frame(header, arrays);
}

/** The header and the arrays of a frame; arrays are views of its bytes. */
function unpack(buffer: ArrayBuffer): [Scene | Frame | { file: string }, Arrays] {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const arrays: Arrays = {};
  for (const [name, kind, shape, at] of header.arrays) {
    const count = shape.reduce((a: number, b: number) => a * b, 1);
    const start = 4 + length + at;
    const data =
      kind === "uint8"
        ? new Uint8Array(buffer, start, count)
        : new Float32Array(buffer, start, count);
    arrays[name] = { shape, data };
  }
  return [header, arrays];
}

/** A name that a reload keeps and another tab does not share. */
function sessionName(): string {
  const found = sessionStorage.getItem("session");
  if (found) return found;
  const made = Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) =>
    b.toString(16).padStart(2, "0"),
  ).join("");
  sessionStorage.setItem("session", made);
  return made;
}

/** The way to the engine. */
export interface Wire {
  send(action: string, more?: Record<string, unknown>): void;
  /** Give the engine a table of one's own; what is wrong with it, in one line, or nothing. */
  upload(file: File): Promise<string>;
}

export type Connect = (listener: Listener) => Wire;

export class Socket implements Wire {
  private socket: WebSocket;

  constructor(private listener: Listener) {
    const address = new URL("live", location.href);
    address.protocol = "ws:";
    address.searchParams.set("session", sessionName());
    this.socket = new WebSocket(address);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => this.send("hello");
    this.socket.onmessage = (event) => this.take(event.data);
    this.socket.onclose = () => this.listener.closed();
  }

  send(action: string, more: Record<string, unknown> = {}): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.socket.send(JSON.stringify({ do: action, ...more }));
  }

  async upload(file: File): Promise<string> {
    const address = new URL("table", location.href);
    address.searchParams.set("session", sessionName());
    address.searchParams.set("name", file.name);
    try {
      const answer = await fetch(address, { method: "POST", body: file });
      return answer.ok ? "" : await answer.text();
    } catch {
      return say(TEXT.notSent, { name: file.name });
    }
  }

  private take(data: string | ArrayBuffer): void {
    if (typeof data === "string") {
      this.listener.message(JSON.parse(data));
      return;
    }
    deliver(this.listener, data);
  }
}
