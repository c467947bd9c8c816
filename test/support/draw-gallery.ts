import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gallery } from "../plot/gallery";
import { renderFigures } from "./render-figure";

/** `node --import tsx test/support/draw-gallery.ts FOLDER [WIDTH]` writes every figure of the gallery as PNG and SVG, and names what overlaps or is cut off. */
const [folder, width = "900"] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: draw-gallery.ts FOLDER [WIDTH]");
mkdirSync(folder, { recursive: true });
for (const { name, png, svg, problems } of await renderFigures(gallery(), { width: Number(width), height: 420 })) {
  writeFileSync(join(folder, `${name}.png`), png);
  writeFileSync(join(folder, `${name}.svg`), svg);
  console.log(`${name}: ${problems.length === 0 ? "nothing overlaps" : problems.join("; ")}`);
}
