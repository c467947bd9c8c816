// Reads a Parquet file off the main thread. A number in it (of values in a page, of bytes when unpacked) may ask for any time and memory
// before a fault shows, and its columns are read at once, so that one may fail unheard while another is waited for: here that ends this thread.
const { parentPort, workerData } = require("node:worker_threads");

/** More rows than any table of texts has; each becomes an object. */
const MOST_ROWS = 20_000_000;

/** @typedef {{ readonly bytes: ArrayBuffer }} Request the file's bytes */
/** @typedef {{ readonly columns: readonly string[], readonly rows: readonly object[], readonly note: string | null }} Found */

/**
 * Fails where the counts of the file's own description do not fit together, or a column lies outside of it.
 * @param {import("hyparquet").FileMetaData} metadata
 * @param {number} bytes how many the file has
 */
function checkCounts({ num_rows: rows, row_groups: groups }, bytes) {
  /**
   * @param {string} what
   * @param {unknown} value
   * @param {number} most
   */
  const whole = (what, value, most) => {
    const number = Number(value);
    if (!(Number.isInteger(number) && number >= 0 && number <= most))
      throw new Error(
        `${what}: expected a whole number up to ${most}, got ${value === undefined ? "none" : String(value)}`,
      );
    return number;
  };
  const all = groups.reduce((sum, group) => sum + whole("rows of a group", group.num_rows, MOST_ROWS), 0);
  if (whole("rows", rows, MOST_ROWS) !== all) throw new Error(`rows: expected ${all}, as its groups have, got ${rows}`);
  for (const { columns, num_rows } of groups)
    for (const { meta_data: column } of columns) {
      if (column === undefined) continue;
      const name = column.path_in_schema.join(".");
      const size = whole(`bytes of ${name}`, column.total_compressed_size, bytes);
      whole(`place of ${name}`, column.dictionary_page_offset ?? column.data_page_offset, bytes - size);
      whole(`place of ${name}`, column.data_page_offset, bytes);
      const values = whole(`values of ${name}`, column.num_values, Number.MAX_SAFE_INTEGER);
      if (values < Number(num_rows)) throw new Error(`values of ${name}: expected ${num_rows} or more, got ${values}`);
    }
}

/**
 * Reads the file.
 * @param {Request} request
 * @returns {Promise<Found>}
 */
async function read({ bytes }) {
  const { parquetMetadata, parquetReadObjects, parquetSchema } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const metadata = parquetMetadata(bytes);
  checkCounts(metadata, bytes.byteLength);
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  const note = metadata.key_value_metadata?.find(({ key }) => key === "huggingface")?.value ?? null;
  // Of columns with one name the last would win: the caller refuses them.
  if (new Set(columns).size < columns.length) return { columns, rows: [], note };
  const file = {
    byteLength: bytes.byteLength,
    slice: (/** @type {number} */ start, /** @type {number | undefined} */ end) => bytes.slice(start, end),
  };
  return { columns, rows: await parquetReadObjects({ file, metadata, compressors }), note };
}

/**
 * What the reader says of a file whose parts do not fit is about its own variables.
 * @param {unknown} error
 */
const said = (error) =>
  error instanceof TypeError || error instanceof RangeError || !(error instanceof Error)
    ? "one whose parts do not fit together (damaged?)"
    : error.message;

read(workerData).then(
  (found) => parentPort?.postMessage(found),
  (error) => parentPort?.postMessage({ error: said(error) }),
);
