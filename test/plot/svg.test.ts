import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Figure } from "../../src/plot/figure";
import { figureSvg } from "../../src/plot/svg";
import { colorAt } from "../../src/plot/svg-heat-map";
import { markerPath, pathOf, thinned, withCorners } from "../../src/plot/svg-path";
import { roundStep, scaleOf } from "../../src/plot/svg-scale";
import { paint, plainLines, plainText } from "../../src/plot/svg-text";
import { gallery } from "./gallery";

const test = suite("plot/svg");

/** A small judge of its own: every tag closed in order, no bare "&", and the texts as a reader sees them. */
function readXml(xml: string): { readonly texts: readonly string[]; readonly tags: readonly string[] } {
  const open: string[] = [];
  const texts: string[] = [];
  const tags: string[] = [];
  let at = 0;
  for (const tag of xml.matchAll(/<(\/?)([a-zA-Z]+)((?: [a-zA-Z:-]+="[^"<]*")*)(\/?)>/g)) {
    const text = xml.slice(at, tag.index);
    assert.not.match(text, /[<>]/);
    assert.not.match(text + tag[3]!, /&(?!(?:amp|lt|gt|#\d+);)/);
    if (text !== "") texts.push(decoded(text));
    at = tag.index! + tag[0].length;
    if (tag[1] === "/") assert.is(open.pop(), tag[2]);
    else {
      tags.push(tag[2]!);
      if (tag[4] !== "/") open.push(tag[2]!);
    }
  }
  assert.equal([open, xml.slice(at)], [[], ""]);
  return { texts, tags };
}

const decoded = (text: string): string =>
  text
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");

const allTexts = (svg: string): string => readXml(svg).texts.join("\n");

test("a line through (0, 0), (5, 10), (10, 0) goes from the left edge over the top to the right edge", () => {
  // No title, caption or legend: the head is 18 + 12 = 30 high, the foot 24 + 8 = 32; the area is 30 to 268 of 300 pixels.
  // "10" is the widest label: 1.1 * 2 * 0.56 * 12 = 14.8, less than 26, so the area goes from 14 + 26 = 40 to 800 - 24 = 776.
  const line = { x: [0, 5, 10], y: [0, 10, 0], mode: "lines", line: { color: "#0072B2", width: 3 } } as const;
  const svg = figureSvg({
    data: [{ ...line, x: [...line.x], y: [...line.y] }],
    layout: { height: 300, xaxis: { range: [0, 10] }, yaxis: { range: [0, 10] } },
  })!;
  assert.match(svg, '<path d="M40 268 408 30 776 268" fill="none" stroke="#0072B2" stroke-width="3"');
  assert.match(svg, 'viewBox="0 0 800 300"');
  assert.match(svg, '<clipPath id="p');
});

test("every figure is well-formed, small, without NaN, and has all its names, titles and notes", () => {
  for (const [name, figure] of Object.entries(gallery())) {
    const svg = figureSvg(figure);
    assert.ok(svg !== null, name);
    assert.ok(svg.length < 60_000, `${name}: ${svg.length} characters`);
    assert.not.match(svg, /NaN|undefined|Infinity|\[object/);
    const { tags } = readXml(svg);
    const texts = allTexts(svg);
    const inLegend = figure.data.filter((trace) => trace.showlegend !== false && trace.name !== undefined);
    for (const trace of inLegend) assert.ok(texts.includes(plainText(trace.name)), `${name}: ${trace.name}`);
    for (const note of figure.layout.annotations ?? [])
      assert.ok(texts.includes(plainText(note.text)), `${name}: ${note.text}`);
    const { title } = figure.layout;
    assert.ok(typeof title === "object");
    const words = [title.text, typeof title.subtitle === "object" ? title.subtitle.text : ""].flatMap(plainLines);
    for (const line of words) assert.ok(texts.includes(line.trim()), `${name}: ${line}`);
    const colours = figure.data.map((trace) => trace.line?.color).filter((color) => /^#/.test(String(color)));
    for (const colour of colours) assert.ok(svg.includes(`stroke="${String(colour)}"`), `${name}: ${String(colour)}`);
    assert.equal(
      [...new Set(tags)].filter((tag) => !/^(svg|rect|path|text|g|defs|clipPath)$/.test(tag)),
      [],
    );
    assert.is(figureSvg(figure), svg, "the same figure is the same picture");
  }
});

test("ten thousand points stay small and keep their one peak", () => {
  const y = Array.from({ length: 10_000 }, (_, i) => (i === 7321 ? 50 : Math.sin(i / 300)));
  const figure: Figure = {
    data: [{ y, mode: "lines", line: { width: 1 } }],
    layout: { height: 300, yaxis: { range: [0, 50] } },
  };
  const svg = figureSvg(figure)!;
  assert.ok(svg.length < 20_000, `${svg.length} characters`);
  const peak = 40 + (736 * 7321) / 9999;
  assert.ok(
    / ([\d.]+) 30 /.exec(svg) !== null && Math.abs(Number(/ ([\d.]+) 30 /.exec(svg)![1]) - peak) < 40,
    "the peak is there",
  );
  const points = Array.from({ length: 1000 }, (_, i) => ({ x: i, y: i === 333 ? 9 : 0 }));
  const kept = thinned(points, 100);
  assert.ok(kept.length <= 100 && kept.some((point) => point.y === 9));
  assert.equal(kept[0], points[0]);
  assert.equal(kept.at(-1), points.at(-1));
  assert.is(thinned(points, 1000), points);
});

test("text is escaped: markup in titles, names, notes and categories is shown and is no element", () => {
  const bad = '<img src=x onerror="window.hit=1">&<script>';
  const svg = figureSvg({
    data: [
      { x: [bad], y: [1], name: bad, type: "bar", text: [bad], marker: { color: '"/><script>' } },
      { x: [bad], y: [2], name: "b", mode: "text+markers", text: bad },
    ],
    layout: {
      title: { text: bad, subtitle: { text: bad } },
      xaxis: { title: { text: bad } },
      yaxis: { title: { text: bad } },
      annotations: [{ text: bad, x: 0, y: 1, showarrow: true }],
    },
  })!;
  const { tags, texts } = readXml(svg);
  assert.equal(
    tags.filter((tag) => /img|script/i.test(tag)),
    [],
  );
  assert.ok(texts.filter((text) => text === bad).length >= 7, texts.join("\n"));
  assert.equal(plainLines("a &lt; <b>b</b><br>c &#36;5"), ["a < b", "c $5"]);
  assert.equal(plainLines("x\u0000\ud800y"), ["x  y"]);
});

test("logarithmic axes: equal factors are equal distances, zero has no place and makes a gap", () => {
  const scale = scaleOf({ axis: { type: "log", range: [0, 3] }, values: [], start: 300, end: 0, labelRoom: 40 });
  assert.equal([1, 10, 1000].map(scale.place), [300, 200, 0]);
  assert.ok(Number.isNaN(scale.place(0)));
  assert.equal(
    scale.ticks.map(({ text }) => text),
    ["1", "10", "100", "1,000"],
  );
  assert.is(pathOf([0, 1, 2, 3].map((x) => ({ x, y: x === 1 ? NaN : x }))), "M0 0M2 2 3 3");
});

test("axes of names, turned axes and given ticks", () => {
  const names = scaleOf({
    axis: { type: "category", autorange: "reversed" },
    values: ["a", "b"],
    start: 100,
    end: 0,
    labelRoom: 40,
  });
  assert.equal(["a", "b", 1].map(names.place), [25, 75, 75]);
  const ticks = scaleOf({
    axis: { tickvals: [1, 3], ticktext: ["one"], range: [0, 2] },
    values: [],
    start: 0,
    end: 100,
    labelRoom: 40,
  });
  assert.equal(ticks.ticks, [{ at: 50, text: "one" }]);
  assert.equal([0.3, 2, 2.1, 70].map(roundStep), [0.5, 2, 5, 100]);
  const small = scaleOf({ axis: {}, values: [0, 1], start: 0, end: 400, labelRoom: 60 });
  assert.equal(
    small.ticks.map(({ text }) => text),
    ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"],
  );
});

test("stairs, markers, colours between stops, and colours with opacity", () => {
  assert.equal(
    withCorners([{ x: 0, y: 1 }, { x: 2, y: 3 }], "hv"), // prettier-ignore
    [{ x: 0, y: 1 }, { x: 2, y: 1 }, { x: 2, y: 3 }], // prettier-ignore
  );
  assert.is(markerPath("square", { x: 10, y: 10 }, 4), "M8 8 12 8 12 12 8 12Z");
  assert.is(colorAt([[0, "#000000"], [0.5, "#ff0000"], [1, "#ffffff"]], 0.25), "#800000"); // prettier-ignore
  assert.equal(paint("fill", "rgba(0, 114, 178, 0.2)"), { fill: "rgb(0,114,178)", "fill-opacity": "0.2" });
});

test("bars of a group stand side by side, stacked ones on each other, error bars reach both ends", () => {
  const bars = (barmode: "group" | "stack") =>
    figureSvg({
      data: [1, 2].map((y, i) => ({ type: "bar", x: ["a"], y: [y], marker: { color: `#00000${i}` } })),
      layout: { height: 300, barmode, bargap: 0, showlegend: false, yaxis: { range: [0, 3] } },
    })!;
  // 736 pixels of one name; 238 / 3 = 79.3 a unit above 268.
  assert.match(bars("group"), 'd="M40 268 40 188.7 408 188.7 408 268Z" fill="#000000"');
  assert.match(bars("group"), 'd="M408 268 408 109.3 776 109.3 776 268Z" fill="#000001"');
  assert.match(bars("stack"), 'd="M40 188.7 40 30 776 30 776 188.7Z" fill="#000001"');
  const error = { type: "data", array: [1], visible: true } as const;
  const svg = figureSvg({
    data: [{ x: [5], y: [5], error_y: { ...error, array: [1] } }],
    layout: { height: 300, xaxis: { range: [0, 10] }, yaxis: { range: [0, 10] } },
  })!;
  assert.match(svg, "M408 172.8 408 125.2");
});

test("what it does not draw gives no picture, and an empty figure an empty one", () => {
  assert.is(figureSvg({ data: [{ type: "pie", values: [1] }], layout: {} }), null);
  assert.is(figureSvg({ data: [{ x: ["2026-01-01"], y: [1] }], layout: {} }), null);
  assert.is(figureSvg({ data: [{ type: "bar", orientation: "h", x: [1], y: ["a"] }], layout: {} }), null);
  assert.match(figureSvg({ data: [], layout: { title: { text: "nothing yet" } } })!, "nothing yet");
});

test.run();
