/* What the book's pages do beyond Sphinx. Everything here is an addition: the pages read well without it. */
(() => {
  "use strict";

  /* --- "Open in JupyterLab", only where something that opens notebooks shows the page ------------------ */

  const LABEL = "Open in JupyterLab";
  const TOP = document.documentElement.dataset.content_root || "./";

  /* kit.json at the top of the book says what opens a notebook: the kit's own server, or Python in the page. */
  function openButton(notebook, served) {
    const link = document.createElement("a");
    link.className = "kit-open";
    link.href = TOP + (served.open || "open/") + notebook.split("/").map(encodeURIComponent).join("/");
    link.textContent = served.label || LABEL;
    return link;
  }

  async function offerLab() {
    const wanted = document.querySelectorAll("[data-notebook]");
    if (!wanted.length || !location.protocol.startsWith("http")) return;
    let served;
    try {
      served = await (await fetch(TOP + "kit.json", { cache: "no-store" })).json();
    } catch {
      return; /* another server, or none */
    }
    if (!served || served.lab !== true) return;
    for (const place of wanted) {
      if (place === document.body) {
        document.querySelector("article h1")?.after(openButton(place.dataset.notebook, served));
      } else {
        place.append(openButton(place.dataset.notebook, served));
      }
    }
  }

  /* --- Small repairs of the theme, for people who use a keyboard or a screen reader ------------------- */

  function name(selector, label) {
    for (const element of document.querySelectorAll(selector)) {
      if (!element.getAttribute("aria-label")) element.setAttribute("aria-label", label);
    }
  }

  /* What scrolls must be reachable by keyboard; what does not scroll must not be a stop on the way. */
  function reachable() {
    for (const box of document.querySelectorAll("article div, article pre")) {
      if (!["auto", "scroll"].includes(getComputedStyle(box).overflowX)) continue;
      const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
      if (!scrolls) {
        if (box.dataset.kitStop) {
          box.removeAttribute("tabindex");
          box.removeAttribute("role");
          box.removeAttribute("aria-label");
        }
        continue;
      }
      if (box.hasAttribute("tabindex") && !box.dataset.kitStop) continue;
      box.dataset.kitStop = "yes";
      box.tabIndex = 0;
      if (box.tagName !== "PRE") {
        box.setAttribute("role", "region");
        if (!box.getAttribute("aria-label")) box.setAttribute("aria-label", regionName(box));
      }
    }
  }

  let regions = 0;

  function regionName(box) {
    regions += 1;
    const heading = box.closest("section")?.querySelector("h1, h2, h3, h4");
    const title = heading ? heading.firstChild.textContent.trim() : document.title;
    return `Scrolls sideways: ${title} (${regions})`;
  }

  function repair() {
    name(".primary-toggle", "Show or hide the list of pages");
    name(".secondary-toggle", "Show or hide the contents of this page");
    name("#pst-search-dialog", "Search");
    name("#pst-primary-sidebar-modal", "List of pages");
    name("#pst-secondary-sidebar-modal", "Contents of this page");
    for (const summary of document.querySelectorAll("nav summary:not([aria-label])")) {
      const link = summary.closest("li")?.querySelector("a");
      summary.setAttribute("aria-label", `Pages below ${link ? link.textContent.trim() : "this one"}`);
    }
    for (const work of document.querySelectorAll(".citation-list > .citation")) work.setAttribute("role", "listitem");
    for (const image of document.querySelectorAll("article img:not([alt])")) image.alt = "";
    reachable();
  }

  /* --- Paper: what is folded opens for the print, and folds again after it ---------------------------- */

  const opened = [];

  function unfold() {
    for (const fold of document.querySelectorAll("article details:not([open])")) {
      fold.open = true;
      opened.push(fold);
    }
  }

  function refold() {
    while (opened.length) opened.pop().open = false;
  }

  repair();
  offerLab();
  addEventListener("load", reachable);
  addEventListener("resize", reachable);
  addEventListener("beforeprint", unfold);
  addEventListener("afterprint", refold);
})();
