// The registry's configurations as JSON, for test/fixtures/models/count.py: node --import tsx test/support/print-registry.ts
import { MODELS } from "../../src/model/known-models";

console.log(JSON.stringify(Object.fromEntries(MODELS.map(({ name, config }) => [name, config]))));
