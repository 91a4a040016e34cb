// Forms of the time bank's pages: a form names an address, each button a step there and what goes along.
// After a step the page, or the one named by `then`, is loaded anew, so that it shows what is true now; what was done
// is told on top. A button with a key is the same act however often it is pressed.

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

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form.act");
  const button = event.submitter;
  if (!form || !button) return;
  event.preventDefault();
  if (button.dataset.sure && !window.confirm(button.dataset.sure)) return;
  button.disabled = true;
  try {
    const { address } = form.dataset;
    const { step, key, done, then } = button.dataset;
    const answer = await post(`${address}${step}`, body(form, button), key);
    sessionStorage.setItem("liuzhu-done", done.replace(/\[(\w+)\]/g, (_, name) => answer[name])); // [decided]
    if (then) location.assign(then);
    else location.reload();
  } catch (error) {
    button.disabled = false;
    tell(error.message, "alert");
    line.scrollIntoView({ block: "nearest" });
  }
});
