/* Turns each self-check question (a list of options and a folded list of comments) into buttons with feedback and a score.
   The page holds everything: without this script, and on paper, question and answer are read as they stand.
   In the list of comments the right option's begins in bold; migkit.editions.generated writes it so. */
(() => {
  "use strict";

  const TEXT = {
    choose: "Choose one answer",
    right: "Right",
    wrong: "Not quite. Try again",
    score: (right, all) => `${right} of ${all} right at the first try`,
    done: "All answered: ",
    again: "Start again",
  };

  const questions = [...document.querySelectorAll(".admonition.kit-quiz")];
  const state = new Map(); /* question -> true or false: was the first try right? */
  let board;

  function comments(fold) {
    return [...fold.querySelectorAll("ol > li")].map((item) => {
      const mark = item.querySelector("strong, em");
      const right = mark !== null && mark.tagName === "STRONG";
      const copy = item.cloneNode(true);
      copy.querySelector("strong, em")?.remove();
      return { right, html: (copy.querySelector("p") ?? copy).innerHTML.trim() };
    });
  }

  function build(question, number) {
    const list = question.querySelector(":scope > ol");
    const fold = question.querySelector(":scope > details");
    const stem = list?.previousElementSibling;
    if (!list || !fold || !stem) return;
    const told = comments(fold);
    const field = document.createElement("fieldset");
    const legend = document.createElement("legend");
    legend.innerHTML = stem.innerHTML;
    field.append(legend);
    const reply = document.createElement("p");
    reply.className = "kit-reply";
    reply.setAttribute("role", "status");
    [...list.children].forEach((option, index) => {
      const label = document.createElement("label");
      const button = document.createElement("input");
      button.type = "radio";
      button.name = `kit-quiz-${number}`;
      button.addEventListener("change", () => answer(question, label, told[index], reply));
      const text = document.createElement("span");
      text.innerHTML = (option.querySelector("p") ?? option).innerHTML;
      label.append(button, text);
      field.append(label);
    });
    field.append(reply);
    for (const part of [stem, list, fold]) part.classList.add("kit-plain");
    question.append(field);
    question.classList.add("kit-live");
  }

  function answer(question, label, comment, reply) {
    for (const other of question.querySelectorAll("label")) other.classList.remove("is-right", "is-wrong");
    label.classList.add(comment.right ? "is-right" : "is-wrong");
    reply.innerHTML = `<strong>${comment.right ? TEXT.right : TEXT.wrong}.</strong> ${comment.html}`;
    reply.className = `kit-reply ${comment.right ? "is-right" : "is-wrong"}`;
    if (!state.has(question)) state.set(question, comment.right);
    tally();
  }

  function tally() {
    const right = [...state.values()].filter(Boolean).length;
    const finished = state.size === questions.length;
    board.firstChild.textContent = (finished ? TEXT.done : "") + TEXT.score(right, questions.length);
    board.hidden = false;
  }

  function reset() {
    state.clear();
    for (const button of document.querySelectorAll(".kit-quiz input")) button.checked = false;
    for (const label of document.querySelectorAll(".kit-quiz label")) label.classList.remove("is-right", "is-wrong");
    for (const reply of document.querySelectorAll(".kit-reply")) {
      reply.textContent = "";
      reply.className = "kit-reply";
    }
    board.hidden = true;
    questions[0].querySelector("input")?.focus();
  }

  if (!questions.length) return;
  questions.forEach(build);
  board = document.createElement("div");
  board.className = "kit-score";
  board.hidden = true;
  const words = document.createElement("span");
  words.setAttribute("role", "status");
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = TEXT.again;
  again.addEventListener("click", reset);
  board.append(words, again);
  questions.at(-1).after(board);
})();
