import { describe, expect, it, vi } from "vitest";
import { Comm, type JupyterMessage, Pending } from "./comm.ts";
import { WidgetError } from "./problem.ts";
import { checkVersion } from "./versions.ts";

const message = { content: { comm_id: "m", data: {} }, metadata: {}, buffers: [], parent_header: {} } as JupyterMessage;

function setUp() {
  const pending = new Pending();
  const sent: unknown[] = [];
  const comm = new Comm("m", (...parts) => sent.push(parts), pending);
  const status = vi.fn();
  return { pending, sent, comm, status, callbacks: { iopub: { status } } };
}

describe("a widget's comm", () => {
  it("names a message by its event, and tells the model when the kernel is done with it", () => {
    const { pending, sent, comm, status, callbacks } = setUp();
    const buffer = new ArrayBuffer(2);
    expect(comm.send({ method: "custom" }, callbacks, {}, [buffer])).toBe("1");
    expect(comm.send({ method: "update" }, callbacks)).toBe("2");
    expect(sent).toEqual([
      ["m", { method: "custom" }, [buffer]],
      ["m", { method: "update" }, []],
    ]);
    pending.settle(1);
    expect(status).toHaveBeenCalledExactlyOnceWith({ content: { execution_state: "idle" } });
    pending.end(2);
    pending.settle(5);
    expect(status).toHaveBeenCalledTimes(2);
  });

  it("waits for the model to take a message in", async () => {
    const { comm } = setUp();
    let done = () => {};
    comm.on_msg(() => new Promise<void>((resolve) => (done = resolve)));
    const received = vi.fn();
    const receiving = comm.receive(message).then(received);
    await Promise.resolve();
    expect(received).not.toHaveBeenCalled();
    done();
    await receiving;
  });

  it("sends nothing once it is closed from either side", () => {
    const { sent, comm } = setUp();
    const closed = vi.fn();
    comm.on_close(closed);
    comm.closed(message);
    expect(closed).toHaveBeenCalledOnce();
    expect(comm.send({})).toBe("");
    expect(sent).toEqual([]);
    expect(() => comm.open()).toThrow(WidgetError);
  });
});

describe("versions of models", () => {
  it.each([
    ["@jupyter-widgets/controls", "2.0.0"],
    ["@jupyter-widgets/base", "^2.0.0"],
    ["@jupyter-widgets/output", "1.0.0"],
    ["jupyter-leaflet", "^0.19"],
    ["@jupyter-widgets/controls", "*"],
  ])("accepts %s %s", (name, version) => {
    expect(() => checkVersion(name, version)).not.toThrow();
  });

  it.each([
    ["@jupyter-widgets/controls", "1.5.0", /ipywidgets 7.*1\.5\.0.*pip install/],
    ["@jupyter-widgets/base", "~3.1.0", /does not know.*3\.1\.0/],
  ])("says what is wrong with %s %s", (name, version, words) => {
    expect(() => checkVersion(name, version)).toThrow(words);
  });
});
