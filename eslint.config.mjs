import globals from "./scripts/eslint-globals.mjs";
import tseslint from "typescript-eslint";

const noDefaultExport = {
  selector: "ExportDefaultDeclaration",
  message: "Export by name, so that an import says what it takes.",
};
const noEnum = { selector: "TSEnumDeclaration", message: "Use a union of string literals." };
const noMathRandom = {
  selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
  message: "Randomness enters as a seed argument (src/random).",
};
const noEnvironment = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: "Only src/notebook and entry scripts read the environment; take the value as an argument.",
};
const noImportMeta = {
  selector: "MetaProperty[meta.name='import']",
  message: "import.meta breaks in a notebook cell.",
};
// A process that an engine starts gets the environment of this one, whichever cell or script it is for.
const readsEnvironment = ["src/notebook/**", "src/engine/child-environment.ts", "src/experiment/main.ts", "test/**"];

export default tseslint.config(
  { ignores: ["node_modules/", ".venv/", ".cache/", "data/", "notebooks/", "test/fixtures/"] },
  ...tseslint.configs.strict,
  {
    files: ["src/**/*.ts", "test/**/*.ts"],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: false }],
      "@typescript-eslint/no-non-null-assertion": "off",
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-restricted-syntax": ["error", noDefaultExport, noEnum, noMathRandom],
    },
  },
  {
    files: ["src/**/*.ts"],
    rules: { "no-restricted-syntax": ["error", noDefaultExport, noEnum, noMathRandom, noImportMeta, noEnvironment] },
  },
  {
    files: readsEnvironment,
    rules: { "no-restricted-syntax": ["error", noDefaultExport, noEnum, noMathRandom] },
  },
  {
    files: ["**/*.mjs", "**/*.cjs", "**/*.js"],
    languageOptions: { globals },
    rules: { "no-undef": "error", "no-unused-vars": "off" },
  },
  { files: ["**/*.cjs"], rules: { "@typescript-eslint/no-require-imports": "off" } },
);
