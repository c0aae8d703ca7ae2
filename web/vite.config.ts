/**
 * How the pages are built: two entries, one static folder, the same bytes every time.
 *
 * Addresses are relative, so that the folder works under any origin and path. Nothing is inlined, because the content
 * security policy allows neither inline scripts nor `data:` fonts. File names carry a hash of their content.
 */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  base: "./",
  publicDir: false,
  logLevel: "warn",
  build: {
    outDir: here("../src/partsong/hub/static"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: { join: here("join.html"), stage: here("stage.html") },
    },
  },
});
