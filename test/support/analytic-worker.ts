// A worker on runs whose numbers are known: requests on standard input, answers on standard output.
import { serve } from "../../src/cluster/serve";
import { worker } from "../../src/cluster/worker";
import { surroundings } from "./cluster";

await serve(worker(surroundings), process.stdin, process.stdout);
process.exit(0);
