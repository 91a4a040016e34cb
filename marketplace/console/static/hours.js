// What waits for an officer in the time bank: each form has a reason and a button per decision.

import { post } from "./server.js";

const place = document.getElementById("hours");

function tell(text, kind) {
  const line = document.getElementById("message");
  line.className = kind;
  line.textContent = text;
  line.hidden = !text;
}

const showForms = () => {
  for (const one of place.querySelectorAll("form.judge")) one.hidden = false;
};
new MutationObserver(showForms).observe(place, { childList: true });
showForms();

place.addEventListener("submit", async (event) => {
  const form = event.target.closest("form.judge");
  const button = event.submitter;
  if (!form || !button) return;
  event.preventDefault();
  const body = JSON.parse(button.dataset.body);
  if (button.value !== "publish") body.reason = form.elements.reason.value;
  if (body.verdict === "part") body.minutes = form.elements.minutes.valueAsNumber || null;
  button.disabled = true;
  try {
    await post(`${form.dataset.address}${button.value}`, body);
    tell("", "notice");
    form.closest("article").remove();
    document.dispatchEvent(new Event("visibilitychange")); // the page's own refreshing takes over from here
  } catch (error) {
    button.disabled = false;
    tell(error.message, "alert");
  }
});
