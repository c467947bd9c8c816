import { formatBytes } from "../weights/memory";
import type { HubEvent } from "../weights/hub";
import { display, type DisplayHandle, type MimeBundle } from "./display";
import { escapeHtml } from "./escape-html";
import { kernelRegistry } from "./kernel-registry";
import { newestOnly } from "./newest-only";
import { duration } from "./progress";

type Progress = Extract<HubEvent, { readonly kind: "progress" }>;

/** Says in one line how far a download is. For example `downloadText("org/name", event)`: "org/name: model.safetensors · 120 MB of 1.4 GB · 12 MB/s · 1:47 left". */
export function downloadText(repository: string, { path, bytes, total, bytesPerSecond }: Progress): string {
  const left = bytesPerSecond > 0 ? [`${duration((1000 * (total - bytes)) / bytesPerSecond)} left`] : [];
  const amount = `${formatBytes(bytes)} of ${formatBytes(total)}`;
  return [`${repository}: ${path}`, amount, `${formatBytes(bytesPerSecond)}/s`, ...left].join(" · ");
}

function bundle(text: string, share: number): MimeBundle {
  const bar = `<progress max="1" value="${share.toFixed(4)}" style="width: 10em"></progress>`;
  return { "text/html": `<div>${bar} ${escapeHtml(text)}</div>`, "text/plain": text };
}

/**
 * Shows what a download tells, as one line with a bar below the cell, or outside of a kernel as a line on standard error now and then; nothing
 * where all files are in the cache.
 * For example `const told = downloadProgress("org/name"); await hubSnapshot("org/name", null, { ...hub, on: told.on }); told.finish()`.
 */
export function downloadProgress(repository: string): {
  readonly on: (event: HubEvent) => void;
  readonly finish: () => void;
} {
  let output: DisplayHandle | null = null;
  let share = 0;
  const inKernel = kernelRegistry().publish !== undefined;
  const show = (text: string): void => {
    if (!inKernel) return console.error(text);
    if (output === null) output = display(bundle(text, share));
    else output.update(bundle(text, share));
  };
  const updates = newestOnly(inKernel ? 200 : 10_000, show);
  return {
    on(event) {
      switch (event.kind) {
        case "progress":
          share = event.total > 0 ? event.bytes / event.total : 1;
          updates.push(downloadText(repository, event));
          break;
        case "retry":
          updates.push(`${repository}: ${event.reason}; tried again in ${duration(event.waitMs)}`);
          break;
        case "unreachable":
        case "not writable":
          updates.push(`${repository}: ${event.reason}; the files of the cache are used`);
          break;
        case "file":
          break;
      }
    },
    finish: () => updates.flush(),
  };
}
