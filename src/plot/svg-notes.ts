import type { Line, Note } from "./figure";
import { dashArray, pathOf } from "./svg-path";
import type { Scale } from "./svg-scale";
import { element, paint, plainLines, textAt, textWidth } from "./svg-text";

/** Finds an axis by its name in a reference ("x", "y2"); undefined where the figure has none of it. */
export interface Places {
  readonly axis: (name: string) => Scale | undefined;
  /** The area of all panels, in pixels. */
  readonly paper: { readonly x: readonly [number, number]; readonly y: readonly [number, number] };
}

/** A coordinate that refers to the data, to an axis's share ("x domain") or to the paper's share, in pixels. */
function placeOf(reference: unknown, letter: "x" | "y", value: unknown, places: Places, data: boolean): number {
  const name = typeof reference === "string" ? reference : letter;
  const share = ([start, end]: readonly [number, number]): number => start + Number(value) * (end - start);
  if (name === "paper") return share(places.paper[letter]);
  const scale = places.axis(name.replace(" domain", ""));
  if (scale === undefined) return NaN;
  if (name.endsWith("domain")) return share([scale.start, scale.end]);
  // Plotly gives annotations of a logarithmic axis as exponents, shapes as values.
  return data || typeof value === "string" ? scale.place(value) : scale.at(Number(value));
}

/** Gives lines and rectangles; other shapes are left out. */
export function shapesMarkup(shapes: readonly Line[], places: Places): string {
  return shapes
    .map((shape) => {
      const at = (letter: "x" | "y", value: unknown) => placeOf(shape[`${letter}ref`], letter, value, places, true);
      const [x0, x1, y0, y1] = [at("x", shape.x0), at("x", shape.x1), at("y", shape.y0), at("y", shape.y1)];
      if (![x0, x1, y0, y1].every(Number.isFinite)) return "";
      const width = shape.line?.width ?? 2;
      const stroke = {
        ...paint("stroke", String(shape.line?.color ?? "#444444")),
        "stroke-width": width,
        "stroke-dasharray": dashArray(shape.line?.dash, width),
      };
      if (shape.type === "line")
        return element("path", {
          d: pathOf([
            { x: x0, y: y0 },
            { x: x1, y: y1 },
          ]),
          ...stroke,
        });
      if (shape.type !== "rect" && shape.type !== undefined) return "";
      const corners = [
        { x: x0, y: y0 },
        { x: x1, y: y0 },
        { x: x1, y: y1 },
        { x: x0, y: y1 },
      ];
      return element("path", { d: pathOf(corners, true), ...paint("fill", shape.fillcolor ?? "none"), ...stroke });
    })
    .join("");
}

/** Words at their places, with an arrow where they have one. */
export function notesMarkup(notes: readonly Note[], places: Places, ink: string): string {
  return notes
    .map((note) => {
      const lines = plainLines(note.text);
      const x = placeOf(note.xref, "x", note.x, places, false);
      const y = placeOf(note.yref, "y", note.y, places, false);
      if (note.visible === false || lines.length === 0 || !Number.isFinite(x + y)) return "";
      const size = note.font?.size ?? 12;
      const arrow = note.showarrow !== false;
      const [dx, dy] = arrow ? [Number(note.ax ?? -10), Number(note.ay ?? -30)] : [0, 0];
      const [height, width] = [1.3 * size * lines.length, Math.max(...lines.map((line) => textWidth(line, size)))];
      const anchor = arrow ? "middle" : note.xanchor === "left" ? "start" : note.xanchor === "right" ? "end" : "middle";
      const top = y + dy - (note.yanchor === "top" ? 0 : note.yanchor === "bottom" ? height : height / 2);
      const left = x + dx - (anchor === "start" ? 0 : anchor === "end" ? width : width / 2);
      const ground =
        note.bgcolor === undefined
          ? ""
          : element("rect", { x: left, y: top, width, height, ...paint("fill", String(note.bgcolor)) });
      const pointer = arrow
        ? element("path", {
            d: pathOf([
              { x: x + dx, y: y + dy },
              { x, y },
            ]),
            stroke: "#444444",
          })
        : "";
      const color = String(note.font?.color ?? ink);
      const words = lines.map((line, i) => textAt(x + dx, top + (1.3 * i + 1) * size, line, { size, color, anchor }));
      return [pointer, ground, ...words].join("");
    })
    .join("");
}
