import type { Trace } from "./figure";
import { dashArray, markerPath, pathOf } from "./svg-path";
import { element, paint, plainText, textAt, textWidth } from "./svg-text";
import { colorOf, hasMode } from "./svg-traces";

/** A name of the legend and the trace that it stands for. */
interface Entry {
  readonly trace: Trace;
  readonly index: number;
  readonly name: string;
}

/** Gives the names that a legend has: none for one unnamed curve, as in Plotly. */
export function legendEntries(data: readonly Trace[], shown: boolean | undefined): readonly Entry[] {
  const all = data
    .map((trace, index) => ({ trace, index, name: plainText(trace.name ?? `trace ${index}`) }))
    .filter(({ trace }) => trace.type !== "heatmap" && trace.showlegend !== false);
  return (shown ?? data.length > 1) ? all : [];
}

const SWATCH = 30;
const ROW = 19;

/** Names in rows, as many in each as there is room for; `markup` draws them from `top` on. */
export function legendRows(
  entries: readonly Entry[],
  width: number,
): { readonly height: number; readonly markup: (left: number, top: number, ink: string) => string } {
  const places: { readonly x: number; readonly row: number }[] = [];
  let [x, row] = [0, 0];
  for (const { name } of entries) {
    const room = SWATCH + 6 + textWidth(name, 12) + 16;
    if (x > 0 && x + room > width) [x, row] = [0, row + 1];
    places.push({ x, row });
    x += room;
  }
  return {
    height: entries.length === 0 ? 0 : (row + 1) * ROW,
    markup: (left, top, ink) =>
      entries
        .map(({ trace, index, name }, i) => {
          const place = { x: left + places[i]!.x, y: top + ROW * (places[i]!.row + 0.5) };
          return (
            swatch(trace, index, place) + textAt(place.x + SWATCH + 6, place.y + 4, name, { size: 12, color: ink })
          );
        })
        .join(""),
  };
}

function swatch(trace: Trace, index: number, { x, y }: { readonly x: number; readonly y: number }): string {
  const color = colorOf(trace, index);
  if (trace.type === "bar")
    return element("rect", { x: x + 8, y: y - 6, width: 14, height: 12, ...paint("fill", color) });
  const width = trace.line?.width ?? 2;
  const line = {
    d: pathOf([
      { x, y },
      { x: x + SWATCH, y },
    ]),
    ...paint("stroke", color),
    "stroke-width": width,
    "stroke-dasharray": dashArray(trace.line?.dash, width),
  };
  const marker = { d: markerPath(trace.marker?.symbol, { x: x + SWATCH / 2, y }, 7), ...paint("fill", color) };
  return (
    (hasMode(trace, "lines") ? element("path", line) : "") + (hasMode(trace, "markers") ? element("path", marker) : "")
  );
}
