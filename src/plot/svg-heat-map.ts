import type { Trace } from "./figure";
import type { PanelScales } from "./svg-traces";
import { columnOf, spacing } from "./svg-traces";
import { element, plainText, textAt } from "./svg-text";
import { roundStep } from "./svg-scale";
import { formatNumber } from "../table/number";

type Stop = readonly [number, string];

const plain: readonly Stop[] = [
  [0, "#f2f7fb"],
  [1, "#08519c"],
];

/**
 * Gives a colour between the stops of a scale, for a share from 0 to 1.
 * @example colorAt([[0, "#000000"], [1, "#ffffff"]], 0.5) // "#808080"
 */
export function colorAt(stops: readonly Stop[], share: number): string {
  const at = Math.max(0, Math.min(1, share));
  const right = Math.max(
    1,
    stops.findIndex(([place]) => place >= at),
  );
  const [[low, from], [high, to]] = [stops[right - 1]!, stops[right]!];
  const part = high === low ? 0 : (at - low) / (high - low);
  return `#${[1, 3, 5]
    .map((digit) => {
      const [a, b] = [from, to].map((color) => parseInt(color.slice(digit, digit + 2), 16)) as [number, number];
      return Math.round(a + part * (b - a))
        .toString(16)
        .padStart(2, "0");
    })
    .join("")}`;
}

/** Gives the scale's colours and ends: given, else pale to dark blue over the values. */
export function heatColors(trace: Trace): {
  readonly stops: readonly Stop[];
  readonly low: number;
  readonly high: number;
} {
  const values = columnOf(trace.z)
    .flatMap(columnOf)
    .filter((z): z is number => typeof z === "number" && Number.isFinite(z));
  const given: unknown = trace.colorscale;
  const usable =
    Array.isArray(given) &&
    given.length > 1 &&
    given.every((stop) => Array.isArray(stop) && /^#[0-9a-f]{6}$/i.test(String(stop[1])));
  const low = trace.zmin ?? (values.length === 0 ? 0 : Math.min(...values));
  const high = trace.zmax ?? (values.length === 0 ? 1 : Math.max(...values));
  return { stops: usable ? (given as Stop[]) : plain, low, high: high === low ? low + 1 : high };
}

/** Gives one rectangle for each cell that has a value. */
export function heatMarkup(trace: Trace, { x, y }: PanelScales): string {
  const { stops, low, high } = heatColors(trace);
  const rows = columnOf(trace.z).map(columnOf);
  const [columns, lines] = [columnOf(trace.x), columnOf(trace.y)];
  const width = spacing(columns, x.place, x.unit);
  const height = spacing(lines, y.place, y.unit);
  const gaps = [trace.xgap ?? 0, trace.ygap ?? 0] as const;
  return rows
    .map((row, i) =>
      row
        .map((z, j) => {
          const centre = { x: x.place(columns[j] ?? j), y: y.place(lines[i] ?? i) };
          if (typeof z !== "number" || !Number.isFinite(z + centre.x + centre.y)) return "";
          const [w, h] = [width - gaps[0], height - gaps[1]];
          const fill = colorAt(stops, (z - low) / (high - low));
          return element("rect", { x: centre.x - w / 2, y: centre.y - h / 2, width: w, height: h, fill });
        })
        .join(""),
    )
    .join("");
}

/** Gives the bar of colours to the right of a heat map, with its title and labels. */
export function colorBarMarkup(trace: Trace, left: number, top: number, height: number, ink: string): string {
  const { stops, low, high } = heatColors(trace);
  const slices = 32;
  const steps = Array.from({ length: slices }, (_, i) =>
    element("rect", {
      x: left,
      y: top + (i * height) / slices,
      width: 14,
      height: height / slices + 0.5,
      fill: colorAt(stops, 1 - (i + 0.5) / slices),
    }),
  );
  const bar = trace.colorbar ?? {};
  const percent = typeof bar.tickformat === "string" && bar.tickformat.endsWith("%");
  const step = roundStep((high - low) / 6);
  const first = Math.ceil(low / step - 1e-9);
  const labels = Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => {
    const value = (first + i) * step;
    const text = percent
      ? `${Math.round(100 * value)}%`
      : formatNumber(value, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
    return textAt(left + 19, top + height * (1 - (value - low) / (high - low)) + 4, text, { size: 12, color: ink });
  });
  const title = plainText(typeof bar.title === "string" ? bar.title : bar.title?.text);
  const words =
    title === ""
      ? ""
      : textAt(left + 62, top + height / 2, title, { size: 12, color: ink, anchor: "middle", rotate: 90 });
  return [...steps, ...labels, words].join("");
}
