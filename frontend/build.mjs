// Bundles the page: src/main.ts -> page.js, src/page.css -> page.css, src/widget.ts -> widget.js, which
// holds its style, into a folder that may be named; src/charts.ts -> charts.js, which pages of runs and of sweeps hold.
import { build } from "esbuild";
import { copyFile, writeFile } from "node:fs/promises";

const folder = process.argv[2] ?? "../src/mlp_lab/play/page";
const common = { bundle: true, minify: true, legalComments: "inline", logLevel: "warning" };
const style = await build({ ...common, entryPoints: ["src/page.css"], write: false });
const STYLE = style.outputFiles[0].text;
await writeFile(`${folder}/page.css`, STYLE);
const script = { ...common, target: "es2022" };
await build({
  ...script,
  entryPoints: ["src/main.ts"],
  outfile: `${folder}/page.js`,
  format: "iife",
});
await build({
  ...script,
  entryPoints: ["src/widget.ts"],
  outfile: `${folder}/widget.js`,
  format: "esm",
  define: { STYLE: JSON.stringify(STYLE) },
});
const charts = await build({ ...common, entryPoints: ["src/charts.css"], write: false });
await build({
  ...script,
  entryPoints: ["src/charts.ts"],
  outfile: `${process.argv[2] ?? "../src/mlp_lab/report/templates"}/charts.js`,
  format: "iife",
  define: { STYLE: JSON.stringify(charts.outputFiles[0].text) },
});
await copyFile("src/page.html", `${folder}/page.html`);
