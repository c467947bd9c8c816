import { escapeText } from "../table/escape";

/** An attribute is left out where it is undefined. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/**
 * Gives one SVG element; attributes are escaped, `children` is markup or text that has been escaped already.
 * @example element("path", { d: "M0 0", "stroke-width": 2.54 }) // '<path d="M0 0" stroke-width="2.5"/>'
 */
export function element(name: string, attributes: Attributes, children = ""): string {
  const written = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${typeof value === "number" ? short(value) : escapeText(value)}"`],
  );
  return children === "" ? `<${name}${written.join("")}/>` : `<${name}${written.join("")}>${children}</${name}>`;
}

/** Rounds to a tenth of a pixel, which is enough. @example short(12.04) // "12" */
export function short(value: number): string {
  return String(Math.round(10 * value) / 10);
}

const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: "\u00a0" };

/**
 * Gives the lines of a label as a reader sees them: Plotly's own small markup is taken off, its entities are read, and what XML cannot hold is left out.
 * @example plainLines("a &lt; <b>b</b><br>c") // ["a < b", "c"]
 */
export function plainLines(label: unknown): readonly string[] {
  if (typeof label !== "string" && typeof label !== "number") return [];
  return String(label)
    .split(/<br\s*\/?>/i)
    .map((line) =>
      line
        .replace(/<\/?(?:b|i|u|s|em|strong|sub|sup|span|a)(?:\s[^<>]*)?>/gi, "")
        .replace(/&(?:#(\d{1,6})|#x([0-9a-f]{1,5})|(amp|lt|gt|quot|nbsp));/gi, (_, decimal, hex, name) =>
          name === undefined
            ? String.fromCodePoint(hex === undefined ? Number(decimal) : parseInt(hex, 16))
            : named[String(name).toLowerCase()]!,
        )
        .replace(
          /[\u0000-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
          " ",
        ),
    );
}

/** @see plainLines, on one line. */
export function plainText(label: unknown): string {
  return plainLines(label).join(" ").trim();
}

/** Helvetica's letters in em, by their width; a tenth more, since many a page has a wider face in its place (DejaVu). */
const narrow = /[ijl.,:;'|!()[\]ftI ]/;
const wide = /[mwMW%@\u2716]/;
const capital = /[A-Z]/;

/** About how wide a text is, in pixels: the picture is made where no font is at hand. @example textWidth("Il", 12) // 7.656 */
export function textWidth(text: string, size: number): number {
  let em = 0;
  for (const character of text)
    em += narrow.test(character) ? 0.29 : wide.test(character) ? 0.86 : capital.test(character) ? 0.69 : 0.56;
  return 1.1 * em * size;
}

export interface TextLook {
  readonly size: number;
  readonly color: string;
  readonly anchor?: "start" | "middle" | "end";
  readonly rotate?: number;
}

/** Gives a text of one line whose base line begins, is centred or ends at (x, y). */
export function textAt(
  x: number,
  y: number,
  text: string,
  { size, color, anchor = "start", rotate }: TextLook,
): string {
  const turn = rotate === undefined ? undefined : `rotate(${rotate} ${short(x)} ${short(y)})`;
  return element(
    "text",
    {
      x,
      y,
      "font-size": size,
      fill: color,
      transform: turn,
      "text-anchor": anchor === "start" ? undefined : anchor,
    },
    escapeText(text) || " ",
  );
}

/**
 * Makes a colour as an attribute and its opacity, since rgba() is not SVG 1.1.
 * @example paint("fill", "rgba(0, 114, 178, 0.16)") // { fill: "rgb(0,114,178)", "fill-opacity": "0.16" }
 */
export function paint(attribute: "fill" | "stroke", color: string): Attributes {
  const [, red, green, blue, opacity] =
    /^rgba\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)[\s,/]+([\d.]+)\s*\)$/.exec(color) ?? [];
  return opacity === undefined
    ? { [attribute]: color }
    : { [attribute]: `rgb(${red},${green},${blue})`, [`${attribute}-opacity`]: opacity };
}
