/* Pyodide in a bare worker: what JupyterLite's kernel is, without the rest. */
importScripts("pyodide/pyodide.js");

let python = null;

onmessage = async (event) => {
  const { id, start, load, code } = event.data;
  try {
    if (start) python = await loadPyodide({ indexURL: new URL("pyodide/", location).href, ...start });
    if (load) await python.loadPackage(load, { messageCallback() {} });
    const result = code ? await python.runPythonAsync(code) : null;
    postMessage({ id, result: result === undefined || result === null ? null : String(result) });
  } catch (error) {
    postMessage({ id, error: String(error) });
  }
};
