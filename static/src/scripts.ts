/** Scripts of ours and of the kernel's environment: their addresses, and how they are loaded. */

/** The page's nonce: what is made with it may run. */
export function nonce(): string {
  return document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce ?? "";
}

/** The address of a browser file in the kernel's environment. Widget libraries build theirs on `data-base-url` as well. */
export function kernelUrl(address: string): string {
  return `${document.body.dataset.baseUrl ?? "/"}${address}`;
}

/** Loads a classic script; its element is handed back, out of the page again. */
export async function loadScript(url: string): Promise<HTMLScriptElement> {
  const script = document.createElement("script");
  script.src = url;
  script.nonce = nonce();
  const loaded = new Promise<void>((resolve, reject) => {
    script.onload = () => resolve();
    script.onerror = () => reject(new Error(`The script ${url} could not be loaded.`));
  });
  document.head.append(script);
  await loaded.finally(() => script.remove());
  return script;
}
