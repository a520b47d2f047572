// Every text of the charts in pages of runs and of sweeps, which are in English.

export const CHART_TEXT = {
  epoch: "epoch",
  all: "All epochs",
  switch: "Show or hide this curve",
  how: "Point at the curves to read them off, drag to zoom, double-click for all epochs.",
  best: "Dashed: the best epoch, {n}.",
  plateau: "Grey: {what} is on a plateau.",
  rests: "on a plateau",
  keys: "Arrow keys read off, plus and minus zoom, 0 shows all epochs.",
};
