// What Shift+Tab and the completer's panel show of a symbol: its signature, its TSDoc and each tag by its name.

/** @param {readonly import("@tslab/typescript-for-tslab").SymbolDisplayPart[] | undefined} parts */
const textOf = (parts = []) => parts.map(({ text }) => text).join("");

/** @param {import("@tslab/typescript-for-tslab").QuickInfo} info */
exports.describeSymbol = ({ displayParts, documentation, tags = [] }) =>
  [
    textOf(displayParts),
    textOf(documentation),
    tags.map(({ name, text }) => `@${name} ${textOf(text)}`.trimEnd()).join("\n"),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
