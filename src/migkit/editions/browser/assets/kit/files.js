/* The learner's own files: what is uploaded in the page goes to Python, so that load_own("my.csv") finds it beside the
   notebook; what a cell writes comes back and lies in the list of files, from where it can be saved to disk.
   Python's half is migkit.reference.browser.work_folder. */
(function () {
  "use strict";

  const LARGEST = 20 * 1024 * 1024;
  if (typeof BroadcastChannel !== "function") return; /* too old a browser: old_browser.js says so */
  const channel = new BroadcastChannel("migkit");
  const contents = () => window.jupyterapp.serviceManager.contents;
  const folderOf = (path) => path.split("/").slice(0, -1).join("/");
  let waiting = Promise.resolve(); /* one after the other, in the order in which they came */

  /* --- From the page to Python -------------------------------------------------------------------------- */

  /* A kernel has started: it works where its notebook lies, and gets the files that are there. */
  async function meet(kernel) {
    const place = JSON.stringify(notebookOf(kernel)) + ", " + JSON.stringify(kernel.id);
    const code = "from migkit.reference import browser\nbrowser.open_folder(" + place + ")\nget_ipython().execution_count -= 1";
    await kernel.requestExecute({ code, silent: true, store_history: false, stop_on_error: false }).done;
    await sendFolder("", kernel.id);
  }

  function notebookOf(kernel) {
    for (const panel of window.jupyterapp.shell.widgets("main")) {
      const session = panel.sessionContext && panel.sessionContext.session;
      if (session && session.kernel && session.kernel.id === kernel.id) return panel.context.path;
    }
    return "";
  }

  async function sendFolder(place, to) {
    const folder = await contents().get(place, { content: true });
    for (const entry of folder.content || []) {
      if (entry.name.startsWith(".")) continue;
      if (entry.type === "directory") await sendFolder(entry.path, to);
      if (entry.type === "file") await sendFile(entry.path, to);
    }
  }

  /* To one kernel, by its id, or to every one. */
  async function sendFile(path, to) {
    const { format, content } = await contents().get(path, { content: true });
    if (content === null || content === undefined) return;
    const text = typeof content === "string" ? content : JSON.stringify(content);
    if (text.length > 1.4 * LARGEST) return say("too_large");
    channel.postMessage({ kind: "file", path, format: format || "text", content: text, to: to || "" });
  }

  /* What comes from Python is not sent back to it: it may have written something newer by then. */
  const keeping = new Set();

  function changed(sender, change) {
    const model = change.newValue;
    if (!model || model.type !== "file" || change.type === "delete" || keeping.has(model.path)) return;
    waiting = waiting.then(() => sendFile(model.path)).catch(() => {});
  }

  /* --- From Python to the page --------------------------------------------------------------------------- */

  async function keep(file) {
    const known = await contents().get(file.path, { content: true }).catch(() => null);
    if (known && known.content === file.content) return; /* another tab was quicker */
    await makeFolder(folderOf(file.path));
    const { path, format, content } = file;
    keeping.add(path);
    try {
      await contents().save(path, { name: path.split("/").pop(), path, type: "file", format, content });
    } finally {
      keeping.delete(path);
    }
  }

  async function makeFolder(place) {
    if (!place) return;
    const there = await contents().get(place, { content: false }).catch(() => null);
    if (there) return;
    await makeFolder(folderOf(place));
    const fresh = await contents().newUntitled({ path: folderOf(place), type: "directory" });
    await contents().rename(fresh.path, place);
  }

  function say(sentence) {
    window.dispatchEvent(new CustomEvent("kit-fault", { detail: sentence })); /* shell.js says it */
  }

  channel.onmessage = (event) => {
    if (event.data && event.data.kind === "saved" && window.jupyterapp) {
      waiting = waiting.then(() => keep(event.data)).catch(() => say("save_failed"));
    }
  };

  /* The list of files is a page of its own: what is uploaded there goes to the Python of another tab. */
  window.kit
    .until(() => window.jupyterapp && window.jupyterapp.serviceManager, 200)
    .then(() => contents().fileChanged.connect(changed));
  window.addEventListener("kit-python", (event) => {
    waiting = waiting.then(() => meet(event.detail.kernel)).catch(() => say("files_failed"));
    event.detail.wait(waiting);
  });
})();
