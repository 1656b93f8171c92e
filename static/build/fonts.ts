import type { Plugin } from "vite";

/** Leaves only the woff2 sources in KaTeX's font faces: every browser that runs this client reads woff2. */
export function woff2Only(): Plugin {
  return {
    name: "kernelapp-woff2-only",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("katex") || !id.split("?")[0]?.endsWith(".css")) return null;
      return code.replace(/,\s*url\([^)]+\)\s*format\(["'](?:woff|truetype)["']\)/g, "");
    },
  };
}
