/* The loading screen of a notebook page. It fetches the large files before JupyterLite asks for them (from then on
   they are in the browser's own store), so that it can say how much is left; then it waits for Python, sets the kit up
   in it, and goes away. Words, file names and sizes come from kit/loading.json.

   window.kitLoading  a promise that the page awaits before it starts JupyterLite
   event "kit-python" Python has started (also after a restart); detail: {kernel, wait}: whoever sets up more gives
                      wait() a promise, and cells of "restart and run all" run after it */
(function () {
  "use strict";

  const here = document.currentScript.src;
  const base = new URL("..", here).href; // the top of the edition
  const REMEMBERED = "kit.seconds-to-python";
  const { fill, make, until } = window.kit;
  let plan = null;
  let screen = null;
  let began = 0;
  let ticking = 0;

  function draw() {
    screen = make("div", { className: "kit-loading" });
    screen.setAttribute("role", "status");
    screen.setAttribute("aria-live", "polite");
    const bar = make("progress", { max: 1, value: 0 });
    bar.setAttribute("aria-label", plan.texts.title);
    const left = make("p", { className: "kit-left" });
    left.setAttribute("aria-live", "off"); /* it changes all the time */
    const list = make("ul");
    for (const step of ["fetch", "page", "python", "kit"]) {
      const line = make("li", null, plan.texts[step]);
      line.dataset.step = step;
      list.append(line);
    }
    const about = make("p", { className: "kit-about" }, plan.texts.about);
    screen.append(make("section", null, make("h1", null, plan.texts.title), about, bar, left, list));
    (document.body || document.documentElement).append(screen);
  }

  /* Which step it is at: those before it are done. */
  function at(step) {
    let before = true;
    for (const line of screen.querySelectorAll("li")) {
      if (line.dataset.step === step) before = false;
      line.dataset.state = line.dataset.step === step ? "now" : before ? "done" : "";
      line.setAttribute("aria-current", line.dataset.step === step ? "step" : "false");
    }
  }

  function show(share, text) {
    screen.querySelector("progress").value = share;
    screen.querySelector(".kit-left").textContent = text;
  }

  function fault(sentence) {
    const box = screen.querySelector("section");
    if (box.querySelector(".kit-fault")) return;
    screen.classList.remove("kit-small");
    clearInterval(ticking);
    const again = make("button", null, plan.texts.again);
    again.addEventListener("click", () => location.reload());
    const said = make("p", { className: "kit-fault" }, sentence);
    said.setAttribute("role", "alert");
    box.append(said, again);
    again.focus();
  }

  function megabytes(bytes) {
    return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
  }

  /* --- 1. the large files ------------------------------------------------------------------------------- */

  async function fetchOne(file, count) {
    try {
      const answer = await fetch(base + file.url, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(file.url);
      const reader = answer.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        count(value.length);
      }
    } catch (error) {
      throw new Error(file.url); // which file it was says more than "Failed to fetch"
    }
  }

  async function fetchAll() {
    at("fetch");
    const whole = plan.files.reduce((sum, file) => sum + file.bytes, 0);
    const onTheWay = plan.files.reduce((sum, file) => sum + file.packed, 0);
    let done = 0;
    const count = (bytes) => {
      done += bytes;
      const share = Math.min(done / whole, 1);
      show(0.5 * share, fill(plan.texts.left, { done: megabytes(share * onTheWay), all: megabytes(onTheWay) }));
    };
    const left = plan.files.slice();
    const worker = async () => {
      while (left.length) await fetchOne(left.shift(), count);
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
  }

  /* --- 2. the page, Python, the kit ------------------------------------------------------------------- */

  /* How long Python took here the last time; a guess at first. */
  function usualSeconds() {
    try {
      return Number(localStorage.getItem(REMEMBERED)) || 15;
    } catch (error) {
      return 15;
    }
  }

  function remember(seconds) {
    try {
      localStorage.setItem(REMEMBERED, String(Math.round(seconds)));
    } catch (error) {
      /* a browser that keeps nothing: the next guess is as good as this one */
    }
  }

  function tick() {
    const usual = usualSeconds();
    began = performance.now();
    ticking = setInterval(() => {
      const seconds = (performance.now() - began) / 1000;
      const left = Math.max(Math.round(usual - seconds), 0);
      if (seconds > Math.max(5 * usual, 240)) return fault(fill(plan.texts.broken, { why: plan.texts.no_answer }));
      const text = left ? fill(plan.texts.seconds, { n: left }) : plan.texts.soon;
      show(0.5 + 0.5 * Math.min(seconds / usual, 0.97), text);
    }, 500);
  }

  function finish() {
    clearInterval(ticking);
    remember((performance.now() - began) / 1000);
    screen.remove();
    screen = null;
    window.dispatchEvent(new CustomEvent("kit-loaded"));
  }

  function setUp(kernel) {
    const code = plan.code.replace("{data}", () => JSON.stringify(base + "data/")); /* as it is, also with a "$" */
    return kernel.requestExecute({ code, silent: true, store_history: false, stop_on_error: false }).done;
  }

  /* Every Python that starts in this page is set up, also after a restart. */
  async function follow(panel) {
    const session = panel.sessionContext;
    let last = null;
    let greeted = null;
    const meet = async () => {
      const kernel = session.session && session.session.kernel;
      if (!kernel) return;
      if (last === kernel) return;
      last = kernel;
      kernel.statusChanged.connect((sender, status) => {
        if (status === "restarting" || status === "autorestarting") greeted = again(kernel);
      });
      await (greeted = greet(kernel));
    };
    /* "Restart and run all" runs the cells when this comes back: not before the kit and the files are there. */
    const restart = session.restartKernel.bind(session);
    session.restartKernel = async () => {
      await restart();
      await greeted;
    };
    session.kernelChanged.connect(meet);
    await session.ready;
    await meet();
  }

  async function greet(kernel) {
    if (screen) at("kit");
    const reply = await setUp(kernel);
    if (reply.content.status === "error" && screen) {
      fault(fill(plan.texts.broken, { why: reply.content.evalue || "" }));
      return;
    }
    const waits = [];
    const wait = (promise) => waits.push(promise);
    window.dispatchEvent(new CustomEvent("kit-python", { detail: { kernel, wait } }));
    await Promise.all(waits);
    if (screen) finish();
  }

  async function again(kernel) {
    await until(() => kernel.status === "idle", 200);
    await greet(kernel);
  }

  async function watch() {
    const app = await until(() => window.jupyterapp, 100);
    await app.started;
    const known = new Set();
    const look = () => {
      for (const panel of app.shell.widgets("main")) {
        if (panel.sessionContext && !known.has(panel)) {
          known.add(panel);
          if (screen) {
            screen.classList.add("kit-small");
            screen.querySelector("h1").textContent = plan.texts.small;
            at("python");
          }
          follow(panel).catch((error) => screen && fault(fill(plan.texts.broken, { why: error.message })));
        }
      }
    };
    setInterval(look, 300);
    // JupyterLab without a notebook has nothing to wait for.
    await until(() => known.size || !/\/(notebooks|lab)\//.test(location.pathname) || !location.search, 300);
    if (!known.size && screen) finish();
  }

  async function load() {
    if (window.kitOldBrowser) await new Promise(() => {}); // old_browser.js has said why nothing will come
    try {
      plan = await (await fetch(new URL("loading.json", here), { cache: "no-cache" })).json();
    } catch (error) {
      return; // without words and sizes: JupyterLite starts as it would by itself
    }
    draw();
    try {
      await fetchAll();
    } catch (error) {
      fault(fill(plan.texts.missing, { file: error.message }));
      await new Promise(() => {}); // JupyterLite would fail in ways that nobody understands
    }
    at("page");
    tick();
    watch();
  }

  window.kitLoading = load();
})();
