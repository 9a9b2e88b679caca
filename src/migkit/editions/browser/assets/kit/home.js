/* The first page: what has been done on the path, the tests, the record, and the learner's work.
   All its sentences come from edition.json. */
(function () {
  "use strict";

  const { make, progress, work } = window.kit;
  const $ = (id) => document.getElementById(id);
  let edition;
  let records = {};

  const fill = (name, values) => window.kit.fill(edition.text[name], values);
  const date = (iso) => new Date(iso).toLocaleDateString(edition.locale, { year: "numeric", month: "long", day: "numeric" });
  const moment = (iso) => new Date(iso).toLocaleString(edition.locale, { dateStyle: "medium", timeStyle: "short" });

  /* --- What has been done ------------------------------------------------------------------------------ */

  const modules = () => edition.modules.filter((module) => module.ready);
  const moduleOf = (slug) => edition.modules.find((module) => module.slug === slug);
  const passed = (step) => step.checks.filter((name) => (records[`check/${step.notebook}/${name}`] || {}).passed).length;
  const test = (slug, use) => records[`test/${slug}/${use}`];
  const paper = (slug, use) => (edition.tests[slug] || {})[use];
  const quizAnswers = (slug) => paper(slug, "quiz").map(([id]) => records[`quiz/${slug}/${id}`]).filter(Boolean);

  /** One step: {share done, done, when, words on how far it is}. */
  function stateOf(slug, step) {
    if (step.kind === "quiz") return quizState(slug);
    if (step.kind === "pre" || step.kind === "post") return testState(slug, step.kind);
    const ticked = records[`step/${slug}/${step.kind}`];
    const all = step.checks.length;
    const right = passed(step);
    const done = Boolean(ticked && ticked.done);
    return { share: done ? 1 : all ? right / all : 0, done, when: done ? ticked.at : "", words: right ? fill("checks", { n: right, all }) : "" };
  }

  function quizState(slug) {
    const all = paper(slug, "quiz").length;
    const given = quizAnswers(slug);
    const right = given.filter((answer) => answer.first).length;
    const done = given.length === all;
    const words = done ? fill("quiz_score", { n: right, all }) : given.length ? fill("quiz_so_far", { n: given.length, all }) : "";
    return { share: given.length / all, done, when: done ? given.map((answer) => answer.at).sort().pop() : "", words };
  }

  function testState(slug, use) {
    const kept = test(slug, use);
    const all = paper(slug, use).length;
    if (!kept) {
      const late = use === "pre" && (test(slug, "post") || {}).finished;
      return { share: late ? 1 : 0, done: Boolean(late), when: "", words: "" };
    }
    const given = Object.keys(kept.answers).length;
    if (!kept.finished) return { share: given / all / 2, done: false, when: "", words: fill("test_open", { n: given, all }) };
    return { share: 1, done: true, when: kept.finished, words: fill("test_score", { n: score(slug, use).right, all }) };
  }

  /** How many answers of a finished test are right, in all and by outcome. */
  function score(slug, use) {
    const kept = test(slug, use);
    if (!kept || !kept.finished) return null;
    const by = moduleOf(slug).outcomes.map(() => ({ right: 0, all: 0 }));
    for (const [id] of paper(slug, use)) {
      const item = edition.items[id];
      const option = item.options[kept.answers[id]];
      by[item.outcome - 1].all += 1;
      by[item.outcome - 1].right += option && option.right ? 1 : 0;
    }
    const sum = (key) => by.reduce((total, each) => total + each[key], 0);
    return { by, right: sum("right"), all: sum("all") };
  }

  /* --- The path ---------------------------------------------------------------------------------------- */

  const key = (slug, step) => `${slug}/${step.kind}`;

  function showPath() {
    let next = null;
    for (const module of modules()) {
      const card = document.querySelector(`[data-module="${module.slug}"]`);
      const states = module.steps.map((step) => stateOf(module.slug, step));
      module.steps.forEach((step, number) => {
        showStep(module, step, states[number], number);
        if (!states[number].done && !next) next = { module, step };
      });
      const share = Math.round((100 * states.reduce((total, state) => total + state.share, 0)) / states.length);
      const bar = card.querySelector(".bar");
      bar.hidden = false;
      bar.querySelector(".bar-fill").style.width = `${share}%`;
      bar.querySelector(".bar-text").textContent = fill("percent", { n: share });
      card.querySelector(".reset").hidden = !Object.keys(records).some(belongsTo(module));
    }
    showGoOn(next);
  }

  function showStep(module, step, state, number) {
    const row = document.querySelector(`[data-step="${key(module.slug, step)}"]`);
    row.classList.toggle("is-done", state.done);
    row.classList.remove("is-next");
    row.querySelector(".dot").textContent = state.done ? "✓" : number + 1;
    row.querySelector(".state").textContent = state.words;
    const tick = row.querySelector(".tick");
    row.classList.toggle("has-tick", Boolean(tick));
    if (!tick) return;
    tick.hidden = false;
    tick.querySelector("input").checked = state.done;
  }

  /** Where the learner was last, if that is not done; else the first step that is not done. */
  function showGoOn(next) {
    const button = $("go-on");
    const opened = Object.keys(records).filter((name) => name.startsWith("opened/"));
    const last = opened.sort((a, b) => (records[a].at < records[b].at ? -1 : 1)).pop();
    let target = next;
    for (const module of modules()) {
      for (const step of module.steps) {
        if (last === `opened/${key(module.slug, step)}` && !stateOf(module.slug, step).done) target = { module, step };
      }
    }
    if (!target) {
      button.textContent = edition.text.all_done;
      button.href = "#/record";
      return;
    }
    button.textContent = fill(last ? "go_on" : "begin", { step: `${target.module.code} ${target.step.title}` });
    button.href = target.step.href;
    button.dataset.opens = key(target.module.slug, target.step);
    document.querySelector(`[data-step="${key(target.module.slug, target.step)}"]`).classList.add("is-next");
  }

  const belongsTo = (module) => (name) =>
    name.split("/")[1] === module.slug || module.steps.some((step) => step.notebook && name.startsWith(`check/${step.notebook}/`));

  function wirePath() {
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link) return;
      const row = link.closest("[data-step]");
      const step = link.dataset.opens || (row && row.dataset.step);
      if (step) progress.put(`opened/${step}`, {});
    });
    for (const box of document.querySelectorAll(".tick input")) {
      box.addEventListener("change", async () => {
        const step = box.closest("[data-step]").dataset.step;
        await progress.put(`step/${step}`, { done: box.checked });
        await refresh();
      });
    }
    for (const button of document.querySelectorAll(".reset")) {
      button.addEventListener("click", async () => {
        const module = moduleOf(button.closest("[data-module]").dataset.module);
        await progress.reset(belongsTo(module));
        await refresh();
        notice(fill("reset_done", { module: module.title }), false, true);
      });
    }
  }

  /* --- Notices ----------------------------------------------------------------------------------------- */

  function notice(text, fault, undoable) {
    const box = $("notice");
    box.textContent = text;
    box.className = fault ? "notice is-fault" : "notice";
    box.hidden = !text;
    if (undoable) box.append(make("button", { type: "button", className: "plain", textContent: edition.text.undo, onclick: undo }));
    if (text && !fault) box.scrollIntoView({ block: "nearest" });
  }

  async function undo() {
    try {
      const what = await work.undo();
      await refresh();
      notice(edition.text[what ? `undone_${what}` : "nothing_to_undo"]);
    } catch (trouble) {
      notice(told(trouble), true);
    }
  }

  /** The sentence of a mistake. What no sentence knows is shown as it is, rather than hidden. */
  const told = (trouble) => (trouble.sentence ? fill(trouble.sentence, trouble.values) : String(trouble));

  /* --- Tests ------------------------------------------------------------------------------------------- */

  function showTest(slug, use) {
    const view = $("test");
    const module = moduleOf(slug);
    view.replaceChildren(back());
    if (!module || !paper(slug, use)) return view.append(heading(edition.text.no_such_test));
    progress.put(`opened/${slug}/${use}`, {});
    view.append(make("p", { className: "small", textContent: `${module.code} ${module.title}` }), heading(edition.text[use]));
    if (use === "quiz") return showQuiz(view, slug);
    if ((test(slug, use) || {}).finished) return showResult(view, slug, use);
    if (use === "pre" && (test(slug, "post") || {}).finished) return view.append(make("p", { textContent: edition.text.too_late }));
    return showPaper(view, slug, use);
  }

  const back = () => make("p", { className: "crumb" }, make("a", { href: "#/", textContent: edition.text.back_to_path }));
  const heading = (text) => make("h1", { tabIndex: -1, textContent: text });

  /** One question: a fieldset with an option for each answer; `chosen(option, label, set)` is called on a choice. */
  function question(id, order, number, all, chosen, extra) {
    const item = edition.items[id];
    const legend = make("legend", {}, make("span", { className: "number", textContent: fill("question", { n: number, all }) }), item.stem);
    const set = make("fieldset", { className: "item" }, legend);
    const options = order.map((index) => [index, item.options[index].text, ""]).concat(extra || []);
    for (const [index, text, className] of options) {
      const input = make("input", { type: "radio", name: id, value: index });
      const label = make("label", { className: `option ${className}` }, input, make("span", { textContent: text }));
      input.addEventListener("change", () => chosen(index, label, set));
      set.append(label);
    }
    return set;
  }

  function showQuiz(view, slug) {
    const all = paper(slug, "quiz").length;
    const sum = make("p", { textContent: "" });
    sum.setAttribute("role", "status");
    const again = make("button", { type: "button", className: "button second", textContent: edition.text.again });
    view.append(make("p", { textContent: fill("quiz_intro", { n: all }) }));
    paper(slug, "quiz").forEach(([id, order], place) => {
      const reply = make("p", { className: "reply" });
      reply.setAttribute("role", "status");
      const set = question(id, order, place + 1, all, async (index, label, field) => {
        showReply(id, index, label, field, reply);
        const right = edition.items[id].options[index].right;
        await progress.change(`quiz/${slug}/${id}`, (old) => ({ chosen: index, first: old ? old.first : right }));
        await reload();
        count();
      });
      set.append(reply);
      view.append(set);
      const kept = records[`quiz/${slug}/${id}`];
      if (kept) {
        const input = set.querySelector(`input[value="${Number(kept.chosen)}"]`);
        if (!input) return; /* an option of an earlier edition */
        input.checked = true;
        showReply(id, kept.chosen, input.parentElement, set, reply);
      }
    });
    function count() {
      sum.textContent = quizState(slug).words;
      again.hidden = !quizAnswers(slug).length;
    }
    again.addEventListener("click", async () => {
      await progress.reset((name) => name.startsWith(`quiz/${slug}/`));
      await refresh();
      $("test").querySelector("h1").focus();
    });
    view.append(make("div", { className: "finish" }, sum, again));
    count();
  }

  function showReply(id, index, label, set, reply) {
    const option = edition.items[id].options[index];
    for (const other of set.querySelectorAll(".option")) other.classList.remove("is-right", "is-wrong");
    label.classList.add(option.right ? "is-right" : "is-wrong");
    reply.className = option.right ? "reply is-right" : "reply";
    reply.replaceChildren(make("strong", { textContent: edition.text[option.right ? "right" : "wrong"] }), ` ${option.feedback}`);
  }

  /** Test before or after: answers are kept as they are given, and none is told until the test after is finished. */
  function showPaper(view, slug, use) {
    const all = paper(slug, use).length;
    const name = `test/${slug}/${use}`;
    const step = moduleOf(slug).steps.find((each) => each.kind === use);
    view.append(make("p", { textContent: fill(`${use}_intro`, { n: all, minutes: step.minutes }) }));
    const mark = (label, set) => {
      for (const other of set.querySelectorAll(".option")) other.classList.toggle("is-chosen", other === label);
    };
    paper(slug, use).forEach(([id, order], place) => {
      const choose = async (index, label, set) => {
        mark(label, set);
        await progress.change(name, (old) => ({ ...(old || {}), answers: { ...((old || {}).answers || {}), [id]: index } }));
        await reload();
        count();
      };
      const set = question(id, order, place + 1, all, choose, [[-1, edition.text.dont_know, "is-unsure"]]);
      const given = ((test(slug, use) || {}).answers || {})[id];
      const input = given === undefined ? null : set.querySelector(`input[value="${Number(given)}"]`);
      if (input) {
        input.checked = true;
        mark(input.parentElement, set);
      }
      view.append(set);
    });
    const sum = make("p", { textContent: "" });
    sum.setAttribute("role", "status");
    const button = make("button", { type: "button", className: "button", textContent: edition.text.finish });
    let asked = false;
    const given = () => Object.keys((test(slug, use) || { answers: {} }).answers).length;
    function count() {
      asked = false;
      sum.textContent = fill("quiz_so_far", { n: given(), all });
      button.textContent = edition.text.finish;
    }
    button.addEventListener("click", async () => {
      if (given() < all && !asked) {
        asked = true;
        sum.textContent = fill("open_left", { n: all - given(), all });
        button.textContent = edition.text.finish_anyway;
        return;
      }
      await progress.change(name, (old) => ({ answers: {}, ...(old || {}), finished: new Date().toISOString() }));
      await refresh();
      $("test").querySelector("h1").focus();
      window.scrollTo(0, 0);
    });
    view.append(make("div", { className: "finish" }, sum, button));
    count();
  }

  function showResult(view, slug, use) {
    const got = score(slug, use);
    const box = make("div", { className: "result" });
    box.append(make("p", { className: "big", textContent: fill(`${use}_result`, { n: got.right, all: got.all }) }));
    if (use === "post") box.append(make("p", { textContent: gainSentence(slug) }));
    box.append(outcomeTable(slug, edition.text.where_to_look));
    view.append(box);
    if (use === "post" || score(slug, "post")) {
      view.append(make("h2", { textContent: edition.text.comments }));
      for (const [id] of paper(slug, use)) view.append(toldItem(id, test(slug, use).answers[id]));
    }
    view.append(make("p", {}, make("a", { className: "button second", href: "#/record", textContent: edition.text.see_record })));
  }

  function gainSentence(slug) {
    const before = score(slug, "pre");
    const after = score(slug, "post");
    if (!before) return edition.text.no_pre;
    const more = after.right - before.right;
    const points = Math.round((100 * after.right) / after.all) - Math.round((100 * before.right) / before.all);
    const first = fill("gain", { before: before.right, after: after.right, all: after.all });
    return `${first} ${fill(more > 0 ? "gain_more" : more < 0 ? "gain_less" : "gain_same", { n: Math.abs(more), points })}`;
  }

  /** Right answers by outcome, before and after, with the gain where both tests were taken. */
  function outcomeTable(slug, caption) {
    const before = score(slug, "pre");
    const after = score(slug, "post");
    const shown = after || before;
    const rows = moduleOf(slug).outcomes.map((text, number) => [text, before && before.by[number], after && after.by[number]]).filter((row) => (row[2] || row[1]).all);
    rows.push([edition.text.all_questions, before, after]);
    const columns = [before && "before", after && "after", before && after && "change"].filter(Boolean);
    const cell = (name, one, two) => {
      if (name === "change") return `${two.right - one.right > 0 ? "+" : ""}${two.right - one.right}`.replace("-", "−");
      const part = name === "before" ? one : two;
      return `${part.right} / ${part.all}`;
    };
    const head = make("tr", {}, make("th", { scope: "col", textContent: edition.text.outcome }));
    for (const name of columns) head.append(make("th", { scope: "col", className: "number", textContent: edition.text[name] }));
    const body = make("tbody", {});
    rows.forEach(([text, one, two], number) => {
      const row = make("tr", { className: number === rows.length - 1 ? "sum" : "" }, make("th", { scope: "row", textContent: text }));
      for (const name of columns) row.append(make("td", { className: "number", textContent: cell(name, one, two) }));
      body.append(row);
    });
    return shown && make("table", {}, make("caption", { textContent: caption }), make("thead", {}, head), body);
  }

  function toldItem(id, given) {
    const item = edition.items[id];
    const right = item.options.find((option) => option.right);
    const chosen = item.options[given];
    const line = (name, text) => make("p", {}, make("strong", { textContent: `${edition.text[name]}: ` }), text);
    const box = make("div", { className: chosen && chosen.right ? "told is-right" : "told" }, make("p", { textContent: item.stem }));
    box.append(line("your_answer", chosen ? chosen.text : edition.text.dont_know));
    if (chosen) box.append(make("p", { textContent: chosen.feedback }));
    if (chosen !== right) box.append(line("right_answer", right.text), make("p", { textContent: right.feedback }));
    return box;
  }

  /* --- The record -------------------------------------------------------------------------------------- */

  function showRecord() {
    const view = $("record");
    const name = (records.name || {}).text || "";
    const shown = make("dd", { textContent: name || edition.text.no_name });
    const input = make("input", { type: "text", value: name, maxLength: 60, autocomplete: "off" });
    input.addEventListener("input", () => (shown.textContent = input.value || edition.text.no_name));
    input.addEventListener("change", () => keepName(input.value));
    const print = make("button", { type: "button", className: "button", textContent: edition.text.print, onclick: () => window.print() });
    const facts = make("dl", {});
    const fact = (label, value) => facts.append(make("dt", { textContent: edition.text[label] }), value);
    fact("record_of", shown);
    fact("record_date", make("dd", { textContent: date(new Date()) }));
    fact("record_edition", make("dd", { textContent: `${edition.country_name}, ${edition.language}, ${edition.version}` }));
    const sheet = make("article", { className: "paper" }, make("p", { className: "origin", textContent: edition.text.site }), heading(edition.text.record_title), facts);
    sheet.append(make("p", { className: "stamp", textContent: edition.text.not_certificate }));
    for (const module of modules()) sheet.append(...recordOf(module));
    sheet.append(make("p", { className: "small", textContent: edition.text.synthetic }));
    view.replaceChildren(back(), make("p", { className: "inline" }, make("label", {}, edition.text.name_label, input), print), sheet);
  }

  function recordOf(module) {
    const title = make("h2", { textContent: `${module.code} ${module.title}` });
    if (!Object.keys(records).some(belongsTo(module))) return [title, make("p", { textContent: edition.text.not_started })];
    const body = make("tbody", {});
    for (const step of module.steps) {
      const state = stateOf(module.slug, step);
      const words = [state.words, state.when ? fill("done_on", { date: date(state.when) }) : state.done ? "" : edition.text.not_done];
      body.append(make("tr", {}, make("th", { scope: "row", textContent: step.title }), make("td", { textContent: words.filter(Boolean).join("; ") || "–" })));
    }
    const head = make("tr", {}, make("th", { scope: "col", textContent: edition.text.step_column }), make("th", { scope: "col", textContent: edition.text.state_column }));
    const parts = [title, make("table", {}, make("thead", {}, head), body)];
    if (score(module.slug, "post")) parts.push(make("p", { textContent: gainSentence(module.slug) }));
    if (score(module.slug, "pre") || score(module.slug, "post")) parts.push(outcomeTable(module.slug, edition.text.gain_title));
    return parts;
  }

  const keepName = (text) => progress.put("name", { text: work.plainName(text) }).then(reload);

  /* --- My work ----------------------------------------------------------------------------------------- */

  const zipReady = () => window.kit.zipReady().catch(() => Promise.reject(new work.WorkError("no_edition")));

  function say(text, fault) {
    $("work-said").textContent = text;
    $("work-said").className = fault ? "said is-fault" : "said";
  }

  /** Do something with the work, and tell a mistake in its sentence. */
  async function attempt(steps) {
    say("");
    try {
      await zipReady();
      await steps();
    } catch (trouble) {
      say(told(trouble), true);
    }
    await refresh();
  }

  async function showWork() {
    $("work-name").value = (records.name || {}).text || "";
    let files = [];
    try {
      files = (await work.list()).filter(([, model]) => work.isFile(model));
    } catch (trouble) {
      say(told(trouble), true);
    }
    const count = files.length;
    $("work-count").textContent = count === 0 ? edition.text.no_work : count === 1 ? edition.text.one_file : fill("your_files", { n: count });
    $("work-files").replaceChildren(...files.map(([path, model]) => fileRow(path, model)));
    const kept = await progress.kept();
    $("work-undo").hidden = !kept;
    if (kept) $("work-undo").textContent = edition.text[`undo_${kept.what}`];
  }

  function fileRow(path, model) {
    const known = edition.notebooks[path];
    const row = make("li", {}, make("span", { className: "path", textContent: known ? known.title : path }));
    row.append(make("span", { className: "small", textContent: fill("changed_at", { time: moment(model.last_modified) }) }));
    if (known && known.step === "exercise") {
      const give = () => attempt(async () => say(fill("saved_exercise", { name: work.handIn(path, model, $("work-name").value) })));
      row.append(make("button", { type: "button", className: "plain", textContent: edition.text.hand_in_this, onclick: give }));
    }
    return row;
  }

  function wireWork() {
    $("work-name").addEventListener("change", () => keepName($("work-name").value));
    $("work-save").addEventListener("click", () =>
      attempt(async () => {
        await keepName($("work-name").value);
        const made = await work.save(edition);
        say(fill("saved_file", { name: made.name, n: made.files }));
      })
    );
    $("work-undo").addEventListener("click", undo);
    $("work-file").addEventListener("change", (event) => {
      const file = event.target.files[0];
      if (!file) return;
      $("work-plan").replaceChildren();
      attempt(async () => {
        showPlan(await work.plan(new Uint8Array(await file.arrayBuffer())));
        event.target.value = "";
      });
    });
  }

  function showPlan(plan) {
    const rows = plan.rows.map((row) => {
      const what = row.what === "replaced" ? fill("plan_replaced", { time: moment(row.before) }) : edition.text[`plan_${row.what}`];
      const known = edition.notebooks[row.path];
      return make("li", {}, make("span", { className: "path", textContent: known ? known.title : row.path }), make("span", { className: "small", textContent: what }));
    });
    const box = make("div", { className: "plan" }, make("h3", { textContent: edition.text.plan_title }), make("p", { textContent: fill("plan_saved", { time: moment(plan.saved) }) }));
    if (plan.edition.country !== edition.country) box.append(make("p", { textContent: fill("plan_other", { country: plan.edition.country, here: edition.country }) }));
    box.append(make("ul", { className: "files" }, ...rows));
    const entries = Object.keys(plan.progress).filter((name) => !/^(opened|saved)\//.test(name)).length;
    if (entries) box.append(make("p", { textContent: fill("plan_progress", { n: entries }) }));
    const close = make("button", { type: "button", className: "button second", onclick: () => box.remove() });
    const changes = plan.rows.filter((row) => row.what !== "same").length;
    if (!changes && !entries) {
      close.textContent = edition.text.close;
      box.append(make("p", { textContent: edition.text.plan_nothing }), close);
    } else {
      close.textContent = edition.text.cancel;
      const go = make("button", { type: "button", className: "button", textContent: edition.text.bring_back });
      go.addEventListener("click", () =>
        attempt(async () => {
          await work.bringBack(plan);
          box.remove();
          say(fill("brought_back", { n: plan.rows.length }));
        })
      );
      box.append(make("p", { textContent: edition.text.plan_kept }), make("div", { className: "buttons" }, go, close));
    }
    $("work-plan").replaceChildren(box);
    $("work-plan").focus();
  }

  /* --- Which part of the page is shown ----------------------------------------------------------------- */

  let where = location.hash; /* not the places on this page, such as #main */
  const route = () => (where.startsWith("#/") ? where.slice(2).split("/") : [""]);

  async function reload() {
    records = await progress.all();
    if (progress.refused) notice(edition.text.storage_refused, true);
  }

  /** Show what the address names, from fresh records. */
  async function refresh() {
    await reload();
    const [part, ...rest] = route();
    const shown = ["test", "work", "record"].includes(part) ? part : "home";
    for (const name of ["home", "test", "work", "record"]) $(name).hidden = name !== shown;
    for (const link of document.querySelectorAll("[data-route]")) {
      if (link.dataset.route === shown) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (shown === "home") showPath();
    if (shown === "test") showTest(...rest);
    if (shown === "work") await showWork();
    if (shown === "record") showRecord();
    const title = $(shown).querySelector("h1").textContent;
    document.title = shown === "home" ? edition.text.site : `${title} – ${edition.text.site}`;
  }

  async function go() {
    if (location.hash && !location.hash.startsWith("#/")) return;
    where = location.hash;
    notice("");
    say("");
    $("work-plan").replaceChildren();
    await refresh();
    const part = route()[0] || "home";
    ($(part) || $("home")).querySelector("h1").focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }

  async function start() {
    try {
      edition = await (await fetch("kit/edition.json")).json();
    } catch (trouble) {
      /* opened as a file, the page says so itself; the path can be read in any case */
      if (location.protocol !== "file:") notice(document.body.dataset.noEdition, true);
      return;
    }
    wirePath();
    wireWork();
    addEventListener("hashchange", go);
    addEventListener("pageshow", (event) => event.persisted && refresh());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && route()[0] !== "test") refresh();
    });
    await refresh();
    document.documentElement.dataset.ready = "yes";
  }

  start();
})();
