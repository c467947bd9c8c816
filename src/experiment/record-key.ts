import { inOldForm } from "../optimizer/old-form";
import { fingerprintData } from "../train/fingerprint";

/**
 * Gives the name of a run by its settings alone: 16 hexadecimal digits of the SHA-256 of their canonical JSON.
 * A method counts in the form that it was first written in, so that records keep their keys. Equal settings have equal keys on every machine, whatever the order of their properties.
 * @example recordKey({ seed: 0, rank: 8 }) === recordKey({ rank: 8, seed: 0 }) // true
 * @throws when the settings are not plain data
 */
export function recordKey(settings: unknown): string {
  return fingerprintData(inOldForm(settings));
}
