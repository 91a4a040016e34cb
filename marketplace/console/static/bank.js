// Forms of the time bank's pages: a form names an address, each button a step there and what goes along.
// After a step the page, or the one named by `then`, is loaded anew, so that it shows what is true now; what was done
// is told on top. A button with a key is the same act however often it is pressed. A table whose lines are answered one by
// one stays as it is, and each line says what became of it.

import { post } from "./server.js";

const line = document.getElementById("message");

function tell(text, kind) {
  line.className = kind;
  line.textContent = text;
  line.hidden = !text;
}

const done = sessionStorage.getItem("liuzhu-done");
sessionStorage.removeItem("liuzhu-done");
if (done) tell(done, "notice");

for (const form of document.querySelectorAll("form.act")) form.hidden = false;

function body(form, button) {
  const found = JSON.parse(button.dataset.body || "{}");
  for (const field of form.elements) {
    if (!field.name || field === button || field.value === "") continue;
    const names = field.name.split("."); // "gift.reason" stands inside of "gift"
    const last = names.pop();
    const inner = names.reduce((outer, name) => (outer[name] ??= {}), found);
    inner[last] = field.type === "number" ? field.valueAsNumber : field.value;
  }
  return found;
}

function fill(text, answer) {
  return text.replace(/\[(\w+)\]/g, (_, name) => answer[name]); // [decided]
}

function tellEach(lines, granted) {
  for (const one of lines) {
    const cell = document.querySelector(`[data-line="${one.source}:${one.id}"]`);
    if (cell) cell.textContent = one.detail ?? granted; // others stand on other pages
  }
}

// A long list goes in portions, each an act of its own with the same key whenever it is sent: what was interrupted goes
// on where it stopped when the button is pressed again. The answers count as one.
async function inPortions(path, what, key, size, heard) {
  const sum = { granted: 0, refused: 0, granted_minutes: 0, pool_minutes: 0 };
  for (let from = 0; from < what.lines.length; from += size) {
    const lines = what.lines.slice(from, from + size);
    const answer = await post(path, { ...what, lines }, `${key}-${from}`);
    for (const name of ["granted", "refused", "granted_minutes"]) sum[name] += answer[name];
    sum.pool_minutes = answer.pool_minutes;
    heard(answer, sum);
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form.act");
  const button = event.submitter;
  if (!form || !button) return;
  event.preventDefault();
  if (button.dataset.sure && !window.confirm(button.dataset.sure)) return;
  button.disabled = true;
  try {
    const { address } = form.dataset;
    const { step, key, done, then, lineDone, portion } = button.dataset;
    if (portion) {
      await inPortions(`${address}${step}`, body(form, button), key, Number(portion), (answer, sum) => {
        tellEach(answer.lines, lineDone);
        tell(fill(done, sum), "notice");
        line.scrollIntoView({ block: "nearest" });
      });
      return;
    }
    const answer = await post(`${address}${step}`, body(form, button), key);
    sessionStorage.setItem("liuzhu-done", fill(done, answer));
    if (then) location.assign(then);
    else location.reload();
  } catch (error) {
    button.disabled = false;
    tell(error.message, "alert");
    line.scrollIntoView({ block: "nearest" });
  }
});
