import { fail } from "../check/check";
import type { Site } from "../ops/site";
import type { Layers } from "./adapter";

/** Something of a model that has a name: a site, a weight. */
interface Named {
  readonly name: string;
}

/**
 * Gives those whose names fit at least one target, in their own order. A target is the last words of a name ("query", "mlp.up"), a whole
 * name, or a pattern in which each star stands for any characters ("layers.3.attention.*", "*.mlp.up").
 * For example `chooseSites(["query", "layers.3.*"], sites)`.
 * @throws when a target fits nothing, or there is none, listing what there is
 */
export function chooseSites<N extends Named>(targets: readonly string[], sites: readonly N[]): readonly N[] {
  const known = `${lastWords(sites).join(", ")}; or whole names like ${sites[0]?.name}, stars allowed`;
  if (targets.length === 0) fail("targets", `at least one of ${known}`, targets);
  const chosen = new Set<N>();
  for (const target of targets) {
    const fits = pattern(target);
    const found = sites.filter(({ name }) => fits.test(name));
    if (found.length === 0) fail("targets", `words that end a site's name (${known})`, target);
    found.forEach((site) => chosen.add(site));
  }
  return sites.filter((site) => chosen.has(site));
}

/** Checks that a rank is no larger than a side of the weight at each site. @throws naming the first site where it is */
export function requireRankFits(rank: number, sites: readonly Pick<Site, "name" | "inputs" | "outputs">[]): void {
  const small = sites.find(({ inputs, outputs }) => rank > Math.min(inputs, outputs));
  if (small !== undefined)
    fail("rank", `at most ${Math.min(small.inputs, small.outputs)}, the smaller side of ${small.name}'s weight`, rank);
}

function pattern(target: string): RegExp {
  const escaped = target.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  return new RegExp(target.includes("*") ? `^${escaped.join(".*")}$` : `(^|\\.)${escaped.join("")}$`);
}

function lastWords(sites: readonly Named[]): readonly string[] {
  return [...new Set(sites.map(({ name }) => name.slice(name.lastIndexOf(".") + 1)))];
}

/** Gives the layer that a name belongs to ("layers.3.mlp.up", "encoder.layer.3.output.dense.weight"), or null. */
export function layerOf({ name }: Named): number | null {
  const found = /(?:^|\.)layers?\.(\d+)\./.exec(name);
  return found ? Number(found[1]) : null;
}

/**
 * Gives those of the chosen layers, all without a choice.
 * For example `inLayers(sites, { from: 18 })`: the top quarter of 24 layers.
 * @throws when a layer is not there, naming the last one
 */
export function inLayers<N extends Named>(sites: readonly N[], layers: Layers | undefined): readonly N[] {
  if (layers === undefined) return sites;
  const last = Math.max(...sites.map((site) => layerOf(site) ?? -1));
  const asked = "from" in layers ? [layers.from] : layers;
  if (asked.length === 0) fail("layers", "at least one layer", layers);
  for (const layer of asked)
    if (!(Number.isInteger(layer) && layer >= 0 && layer <= last)) fail("layers", `layers 0..${last}`, layer);
  const chosen = (layer: number): boolean => ("from" in layers ? layer >= layers.from : layers.includes(layer));
  return sites.filter((site) => chosen(layerOf(site) ?? -1));
}
