import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { compressAssets } from "./build/compress.ts";
import { woff2Only } from "./build/fonts.ts";

// The base is relative because the server may live under any base URL: chunks and fonts are found beside their importer.
export default defineConfig({
  base: "./",
  publicDir: false,
  // sanitize-html is five times the size of what stands in for it.
  resolve: { alias: { "sanitize-html": fileURLToPath(new URL("src/widgets/sanitize.ts", import.meta.url)) } },
  plugins: [woff2Only(), compressAssets()],
  build: {
    target: "es2022",
    // Browsers that have light-dark() and CSS nesting: the client needs them anyway.
    cssTarget: ["chrome123", "safari17.5", "firefox120"],
    manifest: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
    rollupOptions: {
      input: ["src/main.ts", "src/public/vega-embed.ts", "src/public/lodash-debounce.ts"],
      preserveEntrySignatures: "exports-only",
      output: {
        codeSplitting: {
          groups: [
            // Charts need it as well, and not the rest of ipywidgets.
            { name: "d3", test: /node_modules[\\/]d3-(color|format)[\\/]/, priority: 2 },
            // One file, though extensions made for JupyterLab may ask for parts of it.
            { name: "ipywidgets", test: /node_modules[\\/](@lumino|@jupyter-widgets)[\\/].*\.js$/, priority: 1 },
          ],
        },
      },
    },
  },
});
