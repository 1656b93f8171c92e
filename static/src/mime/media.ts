/** Pictures, sound and film, all by data URL. */

import { type Context, textOf } from "./registry.ts";

export function renderBitmap(host: HTMLElement, data: unknown, context: Context): Promise<void> {
  const mime = host.dataset.mime ?? "image/png";
  return picture(host, `data:${mime};base64,${textOf(data).replace(/\s/g, "")}`, context);
}

/** As a picture, not as elements of the page: ids and styles of one drawing cannot reach another. */
export function renderSvg(host: HTMLElement, data: unknown, context: Context): Promise<void> {
  let svg = textOf(data);
  if (!/<svg[^>]*\sxmlns=/.test(svg)) svg = svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"');
  return picture(host, `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`, context);
}

/** Resolves when the picture is decoded, so that the one before it can stay until then. */
async function picture(host: HTMLElement, src: string, { metadata }: Context): Promise<void> {
  const image = document.createElement("img");
  image.alt = typeof metadata.alt === "string" ? metadata.alt : "";
  for (const side of ["width", "height"] as const) if (typeof metadata[side] === "number") image[side] = metadata[side];
  if (metadata.needs_background === "light") image.classList.add("ka-on-light");
  image.src = src;
  host.append(image);
  await image.decode().catch(() => console.error("A picture could not be decoded."));
}

export function renderMedia(host: HTMLElement, data: unknown): void {
  const mime = host.dataset.mime ?? "";
  const player = document.createElement(mime.startsWith("audio/") ? "audio" : "video");
  player.controls = true;
  player.src = `data:${mime};base64,${textOf(data).replace(/\s/g, "")}`;
  host.append(player);
}
