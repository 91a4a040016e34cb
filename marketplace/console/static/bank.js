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
    cell.textContent = one.detail ?? granted;
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
    const { step, key, done, then, lineDone } = button.dataset;
    const answer = await post(`${address}${step}`, body(form, button), key);
    if (lineDone) {
      tellEach(answer.lines, lineDone);
      tell(fill(done, answer), "notice");
      line.scrollIntoView({ block: "nearest" });
      return;
    }
    sessionStorage.setItem("liuzhu-done", fill(done, answer));
    if (then) location.assign(then);
    else location.reload();
  } catch (error) {
    button.disabled = false;
    tell(error.message, "alert");
    line.scrollIntoView({ block: "nearest" });
  }
});
