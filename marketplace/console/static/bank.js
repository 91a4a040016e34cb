// Forms of the time bank's pages: a form names an address, each button a step there and what goes along.
// After a step the page is loaded anew, so that it shows what is true now; what was done is told on top.

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
    found[field.name] = field.type === "number" ? field.valueAsNumber : field.value;
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
    await post(`${form.dataset.address}${button.dataset.step}`, body(form, button));
    sessionStorage.setItem("liuzhu-done", button.dataset.done);
    location.reload();
  } catch (error) {
    button.disabled = false;
    tell(error.message, "alert");
    line.scrollIntoView({ block: "nearest" });
  }
});
