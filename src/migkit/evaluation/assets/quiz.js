/* Plays one quiz and tells a learning platform about it by SCORM 1.2, if there is one.
   All sentences and the answers come as JSON from migkit.evaluation.quiz_page. */
(function () {
  "use strict";

  const quiz = JSON.parse(document.getElementById("quiz").textContent);
  const say = quiz.sentences;
  const fields = Array.from(document.querySelectorAll(".question"));
  const began = Date.now();
  const letters = "abcde";

  /* ------------------------------------------------------------------------------------- the platform */

  /* The standard's search: this window's parents, then the window that opened this one and its parents. */
  function findApi(start) {
    let here = start;
    for (let step = 0; here && step < 10; step += 1) {
      try {
        if (here.API) return here.API;
      } catch (error) {
        return null; /* a window of another address: nothing above it can be ours */
      }
      if (here.parent === here) return null;
      here = here.parent;
    }
    return null;
  }

  function connect() {
    const api = findApi(window) || findApi(window.opener);
    if (!api) return null;
    try {
      return String(api.LMSInitialize("")) === "true" ? api : null;
    } catch (error) {
      return null;
    }
  }

  const api = connect();
  const get = (name) => (api ? String(api.LMSGetValue(name)) : "");
  const set = (name, value) => (api ? String(api.LMSSetValue(name, String(value))) === "true" : false);
  const two = (number) => String(number).padStart(2, "0");

  function sessionTime() {
    const seconds = Math.round((Date.now() - began) / 1000);
    return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  }

  /* ------------------------------------------------------------------------------------- the answers */

  /* `first` counts, `last` is what is ticked now: one letter for each question, "-" where there is none. */
  const none = "-".repeat(quiz.items.length);
  let state = { first: none, last: none, done: false };

  function read() {
    try {
      const kept = JSON.parse(get("cmi.suspend_data"));
      if (kept.of === quiz.fingerprint) state = { first: kept.first, last: kept.last, done: kept.done };
    } catch (error) {
      /* nothing was kept yet */
    }
  }

  const at = (text, n, letter) => text.slice(0, n) + letter + text.slice(n + 1);
  const index = (letter) => letters.indexOf(letter);
  const rightAt = (n) => index(state.first[n]) === quiz.items[n].right;
  const rightCount = () => quiz.items.filter((item, n) => rightAt(n)).length;
  const answered = () => quiz.items.filter((item, n) => state.first[n] !== "-").length;

  function keep() {
    if (!api) return;
    set("cmi.suspend_data", JSON.stringify(Object.assign({ of: quiz.fingerprint }, state)));
    set("cmi.core.score.min", 0);
    set("cmi.core.score.max", 100);
    /* A score is told once it means something: a test not handed in has none. */
    if (quiz.use === "quiz" || state.done) {
      set("cmi.core.score.raw", Math.round((100 * rightCount()) / quiz.items.length));
    }
    set("cmi.core.lesson_status", state.done ? "completed" : "incomplete");
    set("cmi.core.exit", state.done ? "" : "suspend");
    set("cmi.core.session_time", sessionTime());
    api.LMSCommit("");
  }

  function record(n) {
    const item = quiz.items[n];
    const base = "cmi.interactions." + (Number(get("cmi.interactions._count")) || 0) + ".";
    const now = new Date();
    if (!set(base + "id", item.id)) return; /* interactions are optional in SCORM 1.2 */
    set(base + "type", "choice");
    set(base + "time", [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(":"));
    set(base + "correct_responses.0.pattern", letters[item.right]);
    set(base + "student_response", state.first[n]);
    set(base + "result", rightAt(n) ? "correct" : "wrong");
    set(base + "weighting", 1);
  }

  /* ------------------------------------------------------------------------------------- the page */

  const ticked = (field) => field.querySelector("input:checked");
  const fill = (sentence) =>
    sentence.replace("{right}", rightCount()).replace("{all}", quiz.items.length);

  function show(n) {
    const field = fields[n];
    const chosen = index(state.last[n]);
    const reply = field.querySelector(".reply");
    const options = Array.from(field.querySelectorAll(".option"));
    options.forEach((option) => option.classList.remove("right", "wrong"));
    reply.textContent = "";
    reply.classList.remove("right");
    if (quiz.use === "pre" || (quiz.use === "post" && !state.done)) return;
    const right = quiz.items[n].right;
    if (quiz.use === "post") options[right].classList.add("right");
    if (chosen < 0) {
      reply.textContent = quiz.use === "post" ? say.left_out + " " + quiz.items[n].feedback[right] : "";
    } else {
      options[chosen].classList.add(chosen === right ? "right" : "wrong");
      reply.classList.toggle("right", chosen === right);
      const verdict = document.createElement("strong");
      verdict.textContent = chosen === right ? say.right : say.wrong;
      reply.append(verdict, " " + quiz.items[n].feedback[chosen]);
    }
    const source = field.querySelector(".source");
    if (source) source.hidden = chosen !== right && quiz.use !== "post";
  }

  function tick(n) {
    const buttons = fields[n].querySelectorAll("input");
    buttons.forEach((button, option) => {
      button.checked = option === index(state.last[n]);
      button.disabled = quiz.use !== "quiz" && state.done;
    });
    fields[n].classList.toggle("locked", quiz.use !== "quiz" && state.done);
  }

  function showResult(move) {
    const result = document.getElementById("result");
    const ready = quiz.use === "quiz" ? answered() > 0 : state.done;
    result.hidden = !ready;
    result.textContent = ready ? fill(state.done ? say.done : say.so_far) : "";
    const again = document.getElementById("again");
    if (again) again.hidden = answered() === 0;
    const handIn = document.getElementById("hand-in");
    if (handIn) handIn.hidden = state.done;
    if (move) result.focus();
  }

  function check(n) {
    const button = ticked(fields[n]);
    if (!button) {
      fields[n].querySelector(".reply").textContent = say.choose;
      return;
    }
    const letter = letters[Number(button.value)];
    const isFirst = state.first[n] === "-";
    state.last = at(state.last, n, letter);
    if (isFirst) {
      state.first = at(state.first, n, letter);
      record(n);
    }
    state.done = answered() === quiz.items.length;
    keep();
    show(n);
    showResult(false);
  }

  function handIn() {
    fields.forEach((field, n) => {
      const button = ticked(field);
      const letter = button ? letters[Number(button.value)] : "-";
      state.first = at(state.first, n, letter);
      state.last = at(state.last, n, letter);
    });
    state.done = true;
    quiz.items.forEach((item, n) => {
      if (state.first[n] !== "-") record(n);
    });
    keep();
    draw();
    showResult(true);
  }

  /* In a test a tick is kept at once, so that a closed window loses nothing; it counts when it is handed in. */
  function note(n) {
    state.last = at(state.last, n, letters[Number(ticked(fields[n]).value)]);
    keep();
  }

  function again() {
    state = { first: none, last: none, done: false };
    keep();
    draw();
    fields[0].querySelector("input").focus();
  }

  function draw() {
    quiz.items.forEach((item, n) => {
      tick(n);
      show(n);
    });
    showResult(false);
  }

  function leave() {
    if (!api || leave.left) return;
    leave.left = true;
    set("cmi.core.session_time", sessionTime());
    set("cmi.core.exit", state.done ? "" : "suspend");
    api.LMSCommit("");
    api.LMSFinish("");
  }

  read();
  const box = document.getElementById("state");
  box.hidden = false;
  box.textContent = !api ? say.nothing_recorded : state.last === none ? say.recorded : say.resumed;
  fields.forEach((field, n) => {
    const button = field.querySelector(".check");
    if (button) button.addEventListener("click", () => check(n));
    else field.addEventListener("change", () => note(n));
  });
  const handInButton = document.getElementById("hand-in");
  if (handInButton) handInButton.addEventListener("click", handIn);
  const againButton = document.getElementById("again");
  if (againButton) againButton.addEventListener("click", again);
  window.addEventListener("pagehide", leave);
  if (api && get("cmi.core.lesson_status") !== "completed") keep();
  draw();
})();
