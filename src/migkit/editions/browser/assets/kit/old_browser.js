/* Old browsers: one sentence instead of a page that stays blank. ES5 on purpose; migkit puts the sentence in. */
(function (sentence, onFile) {
  function modern() {
    try {
      return (
        typeof WebAssembly === "object" &&
        typeof BigInt === "function" &&
        typeof BigInt64Array === "function" &&
        typeof Promise === "function" &&
        typeof fetch === "function" &&
        typeof Worker === "function" &&
        typeof BroadcastChannel === "function" &&
        typeof structuredClone === "function" &&
        typeof Object.hasOwn === "function" &&
        "indexedDB" in window &&
        "noModule" in document.createElement("script")
      );
    } catch (trouble) {
      return false;
    }
  }
  function say(text) {
    var box = document.createElement("p");
    box.id = "kit-old-browser";
    box.setAttribute("role", "alert");
    box.style.cssText =
      "position:relative;z-index:99999;margin:0;padding:16px 20px;background:#a23b2a;color:#fff;font:16px/1.5 Arial,sans-serif";
    box.appendChild(document.createTextNode(text));
    document.body.insertBefore(box, document.body.firstChild);
  }
  function look() {
    if (location.protocol === "file:") say(onFile);
    else if (!modern()) say(sentence);
  }
  window.kitOldBrowser = !modern();
  if (document.body) look();
  else document.addEventListener("DOMContentLoaded", look);
})
