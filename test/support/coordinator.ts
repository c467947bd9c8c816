// A coordinator with two workers that is to be killed: `node --import tsx test/support/coordinator.ts`; says its workers' process numbers.
import { openCrew } from "../../src/cluster/crew";
import { localWorkers } from "../../src/cluster/local-workers";

const transport = localWorkers({
  count: 2,
  command: [process.execPath, "--import", "tsx", "test/support/analytic-worker.ts"],
});
openCrew({
  transport: (hearing) =>
    transport({ ...hearing, up: (_, place) => void process.stdout.write(`${place.replace("process ", "")}\n`) }),
  tell: () => undefined,
  clock: () => performance.now(),
});
