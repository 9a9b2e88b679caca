// Moves one explorer without a kernel: reads the choices, looks up the frame computed beforehand, updates the picture,
// the sentence and the table that Python has already laid out. No library, no network.
(function (root) {
  "use strict";
  if (!root || root.dataset.ready) { return; }
  root.dataset.ready = "yes";
  var data = JSON.parse(root.querySelector('script[type="application/json"]').textContent);
  var inputs = Array.prototype.slice.call(root.querySelectorAll("[data-control]"));
  var rows = root.querySelectorAll(".kitx-row");
  var cells = root.querySelectorAll(".kitx-table tbody tr");
  var say = root.querySelector(".kitx-say");
  var unit = root.querySelector(".kitx-unit-text");

  function fill(node, text) { if (node && node.textContent !== text) { node.textContent = text; } }

  function chosen() {
    return inputs.reduce(function (flat, input, position) {
      var index = Number(input.value);
      var output = root.querySelector('output[for="' + input.id + '"]');
      var words = data.options[position][index];
      if (output) { fill(output, words); input.setAttribute("aria-valuetext", words); }
      return flat * data.options[position].length + index;
    }, 0);
  }

  function draw() {
    var frame = data.frames[chosen()];
    fill(say, frame.say);
    fill(unit, frame.unit);
    rows.forEach(function (row, i) {
      var bar = frame.bars[i];
      var line = cells[i];
      row.hidden = line.hidden = !bar;
      if (!bar) { return; }
      var name = data.labels[bar[0]];
      row.style.setProperty("--v", bar[1]);
      row.dataset.tone = bar[2];
      if (bar[6]) { row.dataset.quiet = "1"; } else { delete row.dataset.quiet; }
      var tick = row.querySelector(".kitx-tick");
      tick.hidden = bar[5] === null;
      if (bar[5] !== null) { row.style.setProperty("--m", bar[5]); }
      fill(row.querySelector(".kitx-name"), name);
      fill(row.querySelector(".kitx-value"), bar[3]);
      fill(row.querySelector("small"), bar[4] ? " " + bar[4] : "");
      fill(line.children[0], name);
      fill(line.children[1], bar[3]);
      if (line.children[2]) { fill(line.children[2], bar[4]); }
    });
  }

  inputs.forEach(function (input) { input.addEventListener("input", draw); });
  draw();
})(document.getElementById("__ID__"));
