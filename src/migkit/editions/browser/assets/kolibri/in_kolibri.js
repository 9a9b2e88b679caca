/* For the pages of an edition that Kolibri shows. migkit.editions.browser.kolibri puts it first, with its sentences.

   Kolibri puts the sum of the zip before the name of each database, so that after an update nobody would find their
   notebooks, nor would a tab outside Kolibri. The database of a frame of our own has no such names. And Kolibri's
   frame may not save files: say so, and say where it can be done. */
(function (say) {
  "use strict";
  try {
    if (window.parent === window || !window.parent.sandbox) return; /* a tab of its own: everything works */
  } catch (error) {
    return; /* in some other frame */
  }

  const frame = document.createElement("iframe");
  frame.hidden = true;
  document.head.appendChild(frame);
  Object.defineProperty(window, "indexedDB", { value: frame.contentWindow.indexedDB, configurable: true });

  function explain() {
    const old = document.getElementById("kit-in-kolibri");
    if (old) old.remove();
    const box = document.createElement("div");
    box.id = "kit-in-kolibri";
    box.setAttribute("role", "alertdialog");
    box.setAttribute("aria-labelledby", "kit-in-kolibri-text");
    box.style.cssText =
      "position:fixed;z-index:100000;left:1rem;right:1rem;bottom:1rem;max-width:40rem;margin:auto;padding:1rem 1.2rem;" +
      "font:1rem/1.5 sans-serif;color:INK;background:SAND;border:2px solid BRICK;border-radius:4px";
    const text = document.createElement("p");
    text.id = "kit-in-kolibri-text";
    text.style.margin = "0 0 0.6rem";
    text.textContent = say.blocked;
    const address = document.createElement("input");
    address.readOnly = true;
    address.value = location.href;
    address.setAttribute("aria-label", say.address);
    address.style.cssText = "width:100%;box-sizing:border-box;font:inherit;padding:0.4rem;margin:0 0 0.6rem";
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = say.close;
    close.style.cssText = "font:inherit;min-height:2.75rem;padding:0 1.1rem";
    close.addEventListener("click", () => box.remove());
    box.append(text, address, close);
    document.body.append(box);
    address.focus();
    address.select();
  }

  document.addEventListener(
    "click",
    (event) => {
      const link = event.target instanceof Element && event.target.closest("a[download]");
      if (!link) return;
      event.preventDefault();
      explain();
    },
    true
  );
})(SENTENCES);
