/* The kit's bar inside JupyterLite: saves by itself, says what is saved, takes work out as a file, and writes down
   which checks were passed. It waits for window.jupyterapp; all its sentences come from edition.json. */
(function () {
  "use strict";

  const here = document.currentScript.src;
  const home = new URL("../index.html", here).href;
  const TYPING = 2500; /* ms of quiet after a change before it is saved */
  const AFTER_RUN = 250; /* ms after a cell has run */
  const NEWS = 5000; /* ms that news of another tab may need */
  const TAB = String(Math.random()).slice(2);
  const ICONS = {
    home: "M3 11 12 3l9 8M5 10v10h5v-6h4v6h5V10",
    run: "M5 4l8 8-8 8zM13 4l8 8-8 8z",
    restart: "M20 12a8 8 0 1 1-2.6-5.9M20 3v5h-5",
    save: "M12 3v11M7 10l5 5 5-5M4 20h16",
    hand: "M4 12l16-8-6 17-3-7z",
  };

  let edition;
  let app;
  let state;
  let box;
  const panels = new Map(); /* panel -> what is known of it */

  const { make, progress, until, work } = window.kit;
  const fill = (name, values) => window.kit.fill(edition.text[name], values);

  /* --- Start ------------------------------------------------------------------------------------------- */

  async function start() {
    const [answer] = await Promise.all([fetch(new URL("edition.json", here)), until(() => document.body, 20)]);
    edition = await answer.json();
    drawBar();
    await until(() => window.jupyterapp && window.jupyterapp.shell, 100);
    app = window.jupyterapp;
    await app.started;
    document.body.classList.add("kit-has-bar");
    window.dispatchEvent(new Event("resize"));
    setInterval(look, 300);
    look();
    await progress.all();
    if (progress.refused) say("storage_refused", true, ["save_work", saveWork]);
    window.addEventListener("kit-fault", (event) => say(event.detail, true, ["save_work", saveWork])); /* files.js */
  }

  /* --- The bar ----------------------------------------------------------------------------------------- */

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  }

  function button(name, image, action, main) {
    const word = make("span", { className: "kit-word", textContent: edition.text[name] });
    const made = make("button", { type: "button", title: edition.text[name], className: main ? "kit-main" : "" }, icon(image), word);
    made.addEventListener("click", action);
    return made;
  }

  function drawBar() {
    const bar = make("div", { id: "kit-bar" });
    bar.setAttribute("role", "region");
    bar.setAttribute("aria-label", edition.text.bar_label);
    const link = make("a", { href: home, title: edition.text.home }, icon("home"), make("span", { className: "kit-word", textContent: edition.text.home }));
    link.addEventListener("click", leave);
    state = make("span", { className: "kit-state" });
    state.setAttribute("role", "status");
    const hand = button("hand_in", "hand", askHandIn, true);
    hand.id = "kit-hand-in";
    hand.hidden = true;
    hand.style.display = "none";
    const forNotebooks = [button("run_all", "run", runAll), button("restart", "restart", restart)];
    for (const each of forNotebooks) each.dataset.for = "notebook";
    bar.append(link, ...forNotebooks, state, button("save_work", "save", saveWork), hand);
    box = make("div", { className: "kit-say", hidden: true });
    box.setAttribute("role", "alert");
    document.body.prepend(bar, box);
  }

  /** One sentence below the bar; `actions` are [name of the sentence, what to do] pairs. */
  function say(name, fault, ...actions) {
    box.className = fault ? "kit-say is-fault" : "kit-say";
    box.replaceChildren(make("span", { textContent: edition.text[name] || name }));
    for (const [label, action] of actions) box.append(make("button", { type: "button", textContent: edition.text[label], onclick: action }));
    box.append(make("button", { type: "button", className: "kit-close", textContent: edition.text.close, onclick: () => (box.hidden = true) }));
    box.hidden = false;
  }

  const told = (trouble) => (trouble && trouble.sentence ? fill(trouble.sentence, trouble.values) : String(trouble));

  async function leave(event) {
    event.preventDefault();
    await Promise.all([...panels.keys()].map(saveNow));
    location.href = home;
  }

  /* --- The notebooks that are open --------------------------------------------------------------------- */

  const isNotebook = (widget) => Boolean(widget && widget.context && widget.sessionContext && widget.content && widget.content.widgets);
  const path = (panel) => panel.context.path.replace(/^.*:/, "");

  function current() {
    const widget = app && app.shell.currentWidget;
    return isNotebook(widget) ? widget : [...panels.keys()][0] || null;
  }

  function look() {
    for (const widget of app.shell.widgets("main")) {
      if (isNotebook(widget) && !panels.has(widget)) follow(widget);
    }
    const panel = current();
    const known = panel && edition.notebooks[path(panel)];
    const hand = document.getElementById("kit-hand-in");
    hand.style.display = known && known.step === "exercise" ? "" : "none";
    hand.hidden = hand.style.display === "none";
    /* On the list of files there is nothing to run. */
    for (const each of document.querySelectorAll("#kit-bar [data-for=notebook]")) each.style.display = panel ? "" : "none";
  }

  async function follow(panel) {
    const known = { holds: true, timer: 0, saving: Promise.resolve() };
    const save = panel.context.save.bind(panel.context);
    /* One after the other: of two at once JupyterLab thinks that somebody else has changed the file, and asks. */
    known.save = () => (known.saving = known.saving.catch(() => {}).then(save));
    panels.set(panel, known);
    panel.context.save = () => (known.holds ? known.save() : Promise.resolve());
    panel.disposed.connect(() => panels.delete(panel));
    await panel.context.ready;
    if (!panels.has(panel)) return; /* closed before it was read */
    ask(panel);
    const entry = edition.notebooks[path(panel)];
    if (entry) progress.put(`opened/${entry.module}/${entry.step}`, {});
    panel.context.model.contentChanged.connect(() => later(panel, TYPING));
    panel.context.saveState.connect((sender, how) => saved(panel, how));
    panel.sessionContext.statusChanged.connect((sender, status) => {
      if (status === "idle") later(panel, AFTER_RUN);
    });
    showState(panel);
  }

  /* --- Saving by itself -------------------------------------------------------------------------------- */

  /** Save after `pause`; a change that follows starts the pause anew, but what has run is saved at once. */
  function later(panel, pause) {
    const known = panels.get(panel);
    if (!known || !known.holds) return;
    if (pause === TYPING) setState(edition.text.unsaved);
    clearTimeout(known.timer);
    known.timer = setTimeout(() => saveNow(panel), pause);
  }

  async function saveNow(panel) {
    const known = panels.get(panel);
    if (!known || !known.holds) return;
    clearTimeout(known.timer);
    if (!panel.context.model.dirty) return showState(panel);
    try {
      await known.save();
    } catch (trouble) {
      failed();
    }
  }

  function failed() {
    setState(edition.text.not_kept);
    say("save_failed", true, ["save_work", saveWork]);
  }

  function saved(panel, how) {
    if (how === "started") setState(edition.text.saving);
    if (how === "failed") failed();
    if (how.startsWith("completed")) {
      if (!panels.get(panel).at) lasting();
      panels.get(panel).at = new Date();
      /* a write that the disk must answer for takes the notebook, written before it, along */
      progress.put(`saved/${path(panel)}`, {});
      showState(panel);
    }
  }

  /** Ask the browser not to throw this away when the disk runs full; some grant it, some ask, some know no such thing. */
  function lasting() {
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist().catch(() => {});
  }

  function showState(panel) {
    if (progress.refused) return setState(edition.text.not_kept);
    const at = (panels.get(panel) || {}).at;
    if (!at) return setState("");
    return setState(fill("saved_at", { time: at.toLocaleTimeString(edition.locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }) }), true);
  }

  function setState(text, done) {
    if (progress.refused) text = edition.text.not_kept;
    if (state.textContent !== text) state.textContent = text;
    state.classList.toggle("is-saved", Boolean(done) && !progress.refused);
  }

  addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") for (const panel of panels.keys()) saveNow(panel);
  });

  /* --- Other tabs: one of them saves a notebook -------------------------------------------------------- */

  const channel = typeof BroadcastChannel === "function" ? new BroadcastChannel("migkit") : null;
  const post = (message) => channel && channel.postMessage({ ...message, tab: TAB });

  /* Two tabs that a browser opens again at once ask at once: the first to ask is the one that saves. */
  function ask(panel) {
    const known = panels.get(panel);
    known.asked = performance.now();
    known.since = `${Date.now()} ${TAB}`;
    post({ kind: "tab-opens", path: path(panel), since: known.since });
  }

  function wasFirst(known, since) {
    if (!known.holds || !known.since) return false;
    return known.since < since || performance.now() - known.asked > NEWS; /* whatever became of the clock since */
  }

  async function heard(message) {
    if (!message || message.tab === TAB) return;
    if (message.kind === "check") return recordCheck(message);
    if (message.kind === "work-replaced") return workReplaced();
    for (const [panel, known] of panels) {
      if (message.path !== path(panel)) continue;
      if (message.kind === "tab-opens" && wasFirst(known, message.since)) post({ kind: "tab-holds", path: message.path, to: message.tab });
      if (message.kind === "tab-holds" && message.to === TAB) giveUp(panel, "open_elsewhere", ["work_here", () => takeOver(panel)]);
      if (message.kind === "tab-takes" && known.holds) {
        await saveNow(panel);
        giveUp(panel, "taken_over", ["work_here", () => takeOver(panel)]);
        post({ kind: "tab-gives", path: message.path, to: message.tab });
      }
      if (message.kind === "tab-gives" && message.to === TAB) hold(panel);
    }
  }

  if (channel) channel.onmessage = (event) => heard(event.data);

  function giveUp(panel, sentence, ...actions) {
    panels.get(panel).holds = false;
    clearTimeout(panels.get(panel).timer);
    setState(edition.text.not_kept_here);
    say(sentence, true, ...actions);
  }

  function takeOver(panel) {
    post({ kind: "tab-takes", path: path(panel) });
    setTimeout(() => hold(panel), 1500); /* the other tab may be gone by now */
  }

  async function hold(panel) {
    const known = panels.get(panel);
    if (!known || known.holds) return;
    await panel.context.revert();
    known.holds = true;
    box.hidden = true;
    showState(panel);
  }

  function workReplaced() {
    for (const known of panels.values()) known.holds = false;
    if (panels.size) say("work_replaced", true, ["reload", () => location.reload()]);
  }

  /* --- Checks ------------------------------------------------------------------------------------------ */

  /** A kernel says what a check saw. Every tab hears it: it belongs to the notebook whose kernel was just at work here. */
  function recordCheck(message) {
    if (![...panels.keys()].some((panel) => path(panel) === message.notebook)) return; /* another tab's */
    progress.check(message.notebook, String(message.question), String(message.result), edition.good);
  }

  /* --- What the buttons do ----------------------------------------------------------------------------- */

  async function runAll() {
    if (!current()) return say("no_notebook");
    return app.commands.execute("notebook:run-all-cells");
  }

  async function restart() {
    if (!current()) return say("no_notebook");
    return app.commands.execute("notebook:restart-kernel");
  }

  /** The open notebooks as they are now, in the form in which the storage holds files. */
  function openModels() {
    return [...panels].filter(([panel, known]) => known.holds && (panel.context.model.dirty || progress.refused)).map(([panel]) => {
      const now = new Date().toISOString();
      const name = path(panel).split("/").pop();
      const content = panel.context.model.toJSON();
      return [path(panel), { name, path: path(panel), type: "notebook", format: "json", mimetype: "application/json", writable: true, created: now, last_modified: now, content }];
    });
  }

  async function saveWork() {
    try {
      await window.kit.zipReady();
      await Promise.all([...panels.keys()].map(saveNow));
      const made = await work.save(edition, openModels());
      say(fill("saved_file", { name: made.name, n: made.files }));
    } catch (trouble) {
      say(told(trouble), true);
    }
  }

  async function askHandIn() {
    const panel = current();
    const kept = (await progress.all()).name || {};
    const name = make("input", { type: "text", value: kept.text || "", maxLength: 60, autocomplete: "off" });
    const dialog = make("dialog", { className: "kit-dialog" });
    dialog.setAttribute("aria-label", edition.text.hand_in_title);
    const go = make("button", { type: "submit", textContent: edition.text.hand_in_go });
    const no = make("button", { type: "button", className: "kit-second", textContent: edition.text.cancel, onclick: () => dialog.close() });
    const form = make("form", { method: "dialog" }, make("h2", { textContent: edition.text.hand_in_title }), make("label", {}, edition.text.hand_in_name, name), make("div", {}, go, no));
    form.addEventListener("submit", () => handIn(panel, name.value));
    dialog.addEventListener("close", () => dialog.remove());
    dialog.append(form);
    document.body.append(dialog);
    dialog.showModal();
  }

  async function handIn(panel, name) {
    await progress.put("name", { text: work.plainName(name) });
    await saveNow(panel);
    const file = work.handIn(path(panel), { content: panel.context.model.toJSON(), format: "json" }, name);
    say(fill("saved_exercise", { name: file }));
  }

  start();
})();
