import { hasRay, RAY_PYTHON } from "../../src/cluster/ray-workers";
import { skipUnless } from "./skip";

/** Python with Ray: the project's own, or the one that is named. */
export const rayPythonHere = process.env["ADAZETA_RAY_PYTHON"] ?? RAY_PYTHON;

export const withRay = skipUnless(hasRay(rayPythonHere), `${rayPythonHere} is not there: npm run ray:install`);
