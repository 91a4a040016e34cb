// One caregiver or stop lights up in map and timeline together; a click, Enter or Space shows what the stop costs.
"use strict";
const stops = JSON.parse(document.getElementById("stops").textContent);
const panel = document.getElementById("stop");

function light(mark) {
  for (const other of document.querySelectorAll(".lit, .here")) other.classList.remove("lit", "here");
  document.body.classList.toggle("lit-on", mark !== null);
  if (mark === null) return;
  for (const other of document.querySelectorAll("[data-shift]")) {
    const same = mark.dataset.task !== undefined && other.dataset.task === mark.dataset.task;
    if (same || other.dataset.shift === mark.dataset.shift) other.classList.add("lit");
    if (mark.dataset.key !== undefined && other.dataset.key === mark.dataset.key) other.classList.add("here");
  }
}

function show(mark) {
  const told = stops[mark.dataset.key];
  if (told === undefined) return;
  const list = document.createElement("dl");
  for (const [name, value] of told.rows) {
    const term = document.createElement("dt");
    const text = document.createElement("dd");
    term.textContent = name;
    text.textContent = value;
    list.append(term, text);
  }
  const title = document.createElement("h2");
  title.textContent = told.title;
  panel.replaceChildren(title, list);
}

const marked = (event) => event.target.closest("[data-shift]");
document.addEventListener("pointerover", (event) => light(marked(event)));
document.addEventListener("focusin", (event) => light(marked(event)));
document.addEventListener("click", (event) => {
  const mark = event.target.closest("[data-key]");
  if (mark !== null) show(mark);
});
document.addEventListener("keydown", (event) => {
  const mark = event.target.closest("[data-key]");
  if (mark !== null && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    show(mark);
  }
});
