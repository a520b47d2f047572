// Every text of the page, in the language of whoever looks; a translation is a file with the same keys.
// What the engine says, as of a setting that cannot be, is in English, as on the command line.

import { GERMAN, GERMAN_EXAMPLES } from "./messages_de";
import { ITALIAN, ITALIAN_EXAMPLES } from "./messages_it";

const ENGLISH = {
  title: "mlp-lab play",
  starting: "The engine is starting …",
  play: "Play",
  pause: "Pause",
  restart: "Restart",
  step: "Step",
  epoch: "Epoch",
  stepHint: "One step: one mini-batch (S)",
  epochHint: "One epoch: all training rows once (E)",
  playHint: "Train on, or pause (space)",
  tools: "More",
  restartHint: "Begin again with the same weights (R)",
  speed: "Speed",
  fastest: "as fast as it goes",
  oneEpoch: "1 epoch/s",
  oneStep: "1 step/s",
  perSecond: "{n} epochs/s",
  stepsPerSecond: "{n} steps/s",
  backTo: "Back to epoch",
  data: "Data",
  network: "Network",
  training: "Training",
  dataSet: "Data set",
  rows: "Rows",
  noise: "Noise",
  low: "x from",
  high: "x to",
  labelNoise: "Label noise",
  split: "Seed of the rows",
  trainRows: "Training rows",
  valFraction: "Share validation",
  testFraction: "Share test",
  classes: "Classes",
  turns: "Turns",
  periods: "Periods",
  outliers: "Share outliers",
  width: "Widths",
  normalisation: "Normalisation",
  clipNorm: "Clip gradients at",
  layers: "Hidden layers",
  activation: "Activation",
  loss: "Loss",
  output: "Output",
  embedding: "Embedding",
  init: "Initial weights",
  optimizer: "Optimizer",
  rate: "Learning rate",
  batch: "Batch size",
  dropout: "Dropout",
  decay: "Weight decay",
  momentum: "Momentum",
  schedule: "Schedule",
  seed: "Seed",
  patience: "Patience",
  epochs: "Epochs, at most",
  more: "More settings",
  compare: "Compare",
  compareKey: "Setting",
  compareValues: "Values, with commas",
  compareStart: "Side by side",
  compareEnd: "One network",
  export: "Keep",
  exportRun: "Run folder …",
  exportRunHint: "The network in view with its curves, scores and report, as train leaves it: a ZIP file",
  exporting: "The run folder is being written …",
  picture: "Picture",
  pictureHint: "Network, output and curves as a PNG file",
  film: "Film",
  filmHint: "Record the training until you press again: a WebM file",
  filmEnd: "End the film",
  filmNot: "This browser cannot record.",
  sheet: "{data}, epoch {epoch}",
  outputMap: "Output",
  fit: "Fit",
  curves: "Learning curves",
  logarithmic: "log",
  train: "training",
  val: "validation",
  test: "test",
  gradient: "Gradient norm by layer",
  verdict: "If it ended now",
  noVerdict: "Train an epoch first.",
  copy: "Copy command",
  copied: "Copied",
  onMap: "|h| ≤ {n} on the map",
  notSent: "{name} could not be sent",
  dead: "dead unit: 0 on all rows",
  saturated: "saturated unit: flat on almost all rows",
  across: "across",
  up: "up",
  tooLarge: "{n} weights: too many to draw",
  gone: "The engine is gone: start mlp-lab play again, or reload the page.",
  trainedOn: "Changed while it trains.",
  status: "Epoch {epoch}. {part} loss {loss}, {metric} {score}.",
  addLayer: "Add a layer",
  dropLayer: "Remove a layer",
  addUnit: "Add a unit to layer {n}",
  dropUnit: "Remove a unit from layer {n}",
  examples: "Examples …",
  ownData: "Your own data",
  formula: "y =",
  formulaExample: "sin(3 x)",
  formulaHint: "A function of x, or of x1 and x2: + - * / ^, parentheses, sin cos tan tanh exp log sqrt abs, pi, e",
  points: "Draw points",
  pointsOpen: "Draw points …",
  pointsOpenHint: "Draw rows by mouse, finger or keys (D)",
  pointsHint: "Click or drag to set points. By keys: arrows, Enter, 1 to 4 for the class, Backspace.",
  pointsPicture: "Plane to draw in: arrows move, Enter sets a point",
  pointsClasses: "Classes",
  pointsClassesHint: "Points of up to four classes: x1, x2, class",
  pointsNumbers: "y of x",
  pointsNumbersHint: "A number y for each x",
  pointsGroups: "Class of the next points",
  pointsGroup: "Class {name} ({key})",
  pointsCount: "{n} points",
  pointsFew: "Draw at least {n} points.",
  pointsOneClass: "Draw points of two classes.",
  pointsTrain: "Learn these points",
  pointsTrainHint: "The network begins anew with these rows",
  pointsSave: "Save as CSV",
  pointsSaveHint: "points.csv, which the copied command trains on",
  undo: "Undo",
  undoHint: "Take the last stroke back (Backspace)",
  clear: "Clear",
  clearHint: "Take all points away",
  table: "Open a table …",
  tableHint: "Or drop a file on the page. It stays on this machine.",
  target: "Learn the column",
  understood: "What was understood of the table",
  compared: "Solid: validation. Dashed: training.",
  byValue: "{name} by {key}",
  networkPicture: "The network: layers of {sizes} units. Arrows go from unit to unit, Enter through the weights of one",
  planePicture: "What it predicts over {axes}, with the rows. Arrows go over the map",
  probability: "p({name}) = {p}",
  discrete: "discrete",
  discreteHint: "Colour the map by what is decided: the likeliest class, or above and below the middle",
  passes: "Backpropagation by name",
  passesOpen: "Backpropagation",
  passesHint: "Go through both passes of a row, number by number (B); or click on a row in the plot",
  passesBegin: "First the forward pass, then the backward pass, number by number: Next, or the arrow keys.",
  part: "Rows",
  row: "Row",
  rowsOf: "{part} row",
  rowBefore: "Row before",
  rowAfter: "Next row",
  quiz: "Quiz",
  prediction: "Your prediction",
  check: "Check",
  hint: "Numbers",
  hintHint: "Show what goes into it",
  right: "Right: {name} = {value}",
  wrong: "Not {predicted}: {name} = {value}",
  score: "{right} of {asked} right",
  aNumber: "Type a number.",
  first: "Start",
  last: "End",
  before: "Before",
  beforeHint: "One number back (left arrow)",
  next: "Next",
  nextHint: "The next number (right arrow)",
  nextGroup: "Next quantity",
  nextGroupHint: "All numbers of the next quantity (down arrow)",
  forward: "forward pass",
  backward: "backward pass",
  ofSteps: "{n} of {all} numbers, epoch {epoch}",
  byHand: "By hand",
  byHandOpen: "By hand",
  byHandOpenHint: "Set weights by sliders (H)",
  byHandHint: "Thin: φ of each unit times what it gives, its joint dashed. Thick: their sum and φ0, which is the fit. Numbers are in the network's units.",
  byHandNot: "This has sliders for a shallow network with one input, one output that is a number, and at most six units.",
  byHandPicture: "The rows, each unit's line with its joint, and their sum",
  byHandLoss: "training loss {loss}, best {best}",
  threeUnits: "Three ReLU units",
  threeUnitsHint: "Begin with a shallow network of three units and a curve",
  takeOver: "Let gradient descent take over",
  takeOverHint: "Train on from these weights, or pause (space)",
  unitOf: "unit {n}",
  howToRead: "How to read it",
  close: "Close",
  language: "Language",
};

export type Texts = Record<keyof typeof ENGLISH, string>;
export type ExampleTexts = Record<string, [string, string]>;

/** Language -> its name, its texts, and those of examples that it has. */
export const LANGUAGES: Record<string, [string, Texts, ExampleTexts]> = {
  en: ["English", ENGLISH, {}],
  de: ["Deutsch", GERMAN, GERMAN_EXAMPLES],
  it: ["Italiano", ITALIAN, ITALIAN_EXAMPLES],
};

const KEPT = "mlp-lab language";

/** The one that was chosen here before, else the first that the browser asks for. */
function preferred(): string {
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem(KEPT);
  } catch {} // a page without a place of its own, as in some notebooks
  const wanted = [chosen ?? "", ...navigator.languages].map((name) => name.slice(0, 2));
  return wanted.find((name) => name in LANGUAGES) ?? "en";
}

/** Keep a language for this and later pages; false where nothing can be kept. */
export function keepLanguage(name: string): boolean {
  try {
    localStorage.setItem(KEPT, name);
    return true;
  } catch {
    return false;
  }
}

export const LANGUAGE = preferred();
const [, CHOSEN, OF_EXAMPLES] = LANGUAGES[LANGUAGE];
export const TEXT: Texts = { ...ENGLISH, ...CHOSEN };

const SMALL = ["optimizer=adam", "optimizer.lr=0.01", "batch_size=16", "epochs=2000"];

/** Settings to begin with, and what to look at. */
const EXAMPLES_IN_ENGLISH = [
  {
    title: "Two spirals",
    words: [
      ...["data=spirals", "data.rows=300", "data.turns=1.0", "data.noise=0.04", "model=deep"],
      ...["model.depth=2", "model.width=8", "model.activation=tanh", ...SMALL],
    ],
    question: "What does the first hidden layer see, and what does the second make of it?",
  },
  {
    title: "Joints of a shallow network",
    words: ["data=absolute", "data.rows=200", "model=shallow", "model.width=3", "model.activation=relu", ...SMALL],
    question: "Each unit bends the fit once. How many straight pieces can three units make?",
  },
  {
    title: "XOR and width",
    words: ["data=xor", "data.rows=300", "model=shallow", "model.activation=tanh", ...SMALL, "model.width=1,2,3,8"],
    question: "How many hidden units does XOR need?",
  },
  {
    title: "Underfitting and overfitting",
    words: [
      ...["data=sine", "data.rows=400", "data.train_rows=15", "data.noise=0.3", "data.periods=1"],
      ...["model=shallow", "model.activation=relu", "model.init=torch", "optimizer=adam", "optimizer.lr=0.01"],
      ...["batch_size=5", "epochs=2000", "model.width=1,4,256"],
    ],
    question: "Which width cannot follow the sine, and which learns the noise? Compare validation with training.",
  },
  {
    title: "Early stopping",
    words: [
      ...["data=moons", "data.rows=160", "data.noise=0.3", "data.label_noise=0.2", "model=deep"],
      ...["model.depth=2", "model.width=64", "model.activation=relu", ...SMALL, "stop.patience=30"],
    ],
    question: "It pauses where patience would stop it. Play on: what becomes of the validation loss?",
  },
  {
    title: "Vanishing gradients",
    words: [
      ...["data=moons", "data.rows=300", "model=deep", "model.depth=8", "model.width=8"],
      ...[...SMALL, "model.activation=sigmoid,tanh,relu"],
    ],
    question: "Compare the gradient norms of the first and the last layer, network by network.",
  },
  {
    title: "Learning rates",
    words: [
      ...["data=spirals", "data.rows=300", "model=deep", "model.depth=2", "model.width=8"],
      ...["model.activation=tanh", "optimizer=adam", "batch_size=16", "epochs=2000"],
      "optimizer.lr=0.0001,0.001,0.01,0.1,1",
    ],
    question: "Which rate is too small, which too large? The curves tell both.",
  },
  {
    title: "Optimizers",
    words: [
      ...["data=spirals", "data.rows=300", "model=deep", "model.depth=2", "model.width=8"],
      ...["model.activation=tanh", "optimizer.lr=0.01", "batch_size=16", "epochs=2000"],
      "optimizer=sgd,heavy_ball,rmsprop,adam",
    ],
    question: "The same rate, batches and first weights. Which rule gets there first, and why?",
  },
  {
    title: "Double descent",
    words: [
      ...["data=digits", "data.train_rows=500", "data.val_fraction=0.3", "data.label_noise=0.2"],
      ...["model=shallow", "model.activation=relu", "model.output=linear", "model.init=torch", "loss=mse"],
      ...["optimizer=adam", "optimizer.lr=0.01", "schedule=cosine", "batch_size=50", "epochs=1000"],
      "model.width=4,10,24,40,128,512",
    ],
    question: "A fifth of the labels is wrong. At which width has the validation loss its peak, and why does it fall again behind it?",
  },
];

export const EXAMPLES = EXAMPLES_IN_ENGLISH.map((own) => {
  const [title, question] = OF_EXAMPLES[own.title] ?? [own.title, own.question];
  return { ...own, title, question };
});

export function say(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** Four digits that matter. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(1);
  return String(Number(value.toPrecision(size < 1 ? 3 : 4)));
}
