import { short } from "./svg-text";

/** A place in the figure, in pixels; not finite in one coordinate: a gap. */
export interface Pixel {
  readonly x: number;
  readonly y: number;
}

/**
 * At most about `most` points that look the same: of each run of neighbours the first, the lowest, the highest and the last.
 * For example `thinned(points, 400)`: points themselves where there are no more than 400.
 */
export function thinned(points: readonly Pixel[], most: number): readonly Pixel[] {
  if (points.length <= most) return points;
  const size = Math.ceil((4 * points.length) / most);
  const kept: Pixel[] = [];
  for (let start = 0; start < points.length; start += size) {
    const end = Math.min(start + size, points.length) - 1;
    let [low, high] = [start, start];
    for (let i = start; i <= end; i++) {
      if (points[i]!.y < points[low]!.y) low = i;
      if (points[i]!.y > points[high]!.y) high = i;
    }
    const chosen = [...new Set([start, low, high, end])].sort((a, b) => a - b);
    for (const i of chosen) kept.push(points[i]!);
  }
  return kept;
}

/** Gives corners of stairs: "hv" goes across and then up, "vh" up and then across, anything else straight. */
export function withCorners(points: readonly Pixel[], shape: string | undefined): readonly Pixel[] {
  if (shape !== "hv" && shape !== "vh") return points;
  return points.flatMap((point, i) => {
    const before = points[i - 1];
    if (before === undefined) return [point];
    return [shape === "hv" ? { x: point.x, y: before.y } : { x: before.x, y: point.y }, point];
  });
}

/**
 * Gives the `d` of a path through the points, begun anew after each gap.
 * @example pathOf([{ x: 0, y: 1 }, { x: 2, y: 3 }, { x: NaN, y: 0 }, { x: 4, y: 5 }]) // "M0 1 2 3M4 5"
 */
export function pathOf(points: readonly Pixel[], closed = false): string {
  let path = "";
  let down = false;
  for (const { x, y } of points) {
    const there = Number.isFinite(x) && Number.isFinite(y);
    if (there) path += `${down ? " " : "M"}${near(x)} ${near(y)}`;
    down = there;
  }
  return closed && path !== "" ? `${path}Z` : path;
}

/** Places far outside the figure (a run at 95 nats) are cut at a distance that no reader sees. */
function near(value: number): string {
  return short(Math.max(-5000, Math.min(5000, value)));
}

/** Gives Plotly's dashes for a line of this width. @example dashArray("dash", 2) // "9 9" */
export function dashArray(dash: unknown, width: number): string | undefined {
  const lengths: Readonly<Record<string, readonly number[]>> = {
    dot: [1, 1],
    dash: [3, 3],
    longdash: [5, 5],
    dashdot: [3, 1, 1, 1],
    longdashdot: [5, 2, 1, 2],
  };
  return typeof dash === "string" ? lengths[dash]?.map((n) => short(n * Math.max(width, 3))).join(" ") : undefined;
}

/** Gives the outline of a marker of this size around (x, y), in Plotly's names; a name that is not known is a circle. */
export function markerPath(symbol: unknown, { x, y }: Pixel, size: number): string {
  const r = size / 2;
  const polygon = (...corners: readonly (readonly [number, number])[]): string =>
    pathOf(
      corners.map(([dx, dy]) => ({ x: x + dx * r, y: y + dy * r })),
      true,
    );
  switch (symbol) {
    case "square":
      return polygon([-1, -1], [1, -1], [1, 1], [-1, 1]);
    case "diamond":
      return polygon([0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]);
    case "triangle-up":
      return polygon([-1.15, 0.58], [0, -1.15], [1.15, 0.58]);
    case "x": {
      const [a, b] = [0.43, 1];
      return polygon(
        [-b, -b + a],
        [-b + a, -b],
        [0, -a],
        [b - a, -b],
        [b, -b + a],
        [a, 0],
        [b, b - a],
        [b - a, b],
        [0, a],
        [-b + a, b],
        [-b, b - a],
        [-a, 0],
      );
    }
    default:
      return `M${short(x - r)} ${short(y)}a${short(r)} ${short(r)} 0 1 0 ${short(2 * r)} 0a${short(r)} ${short(r)} 0 1 0 ${short(-2 * r)} 0Z`;
  }
}
