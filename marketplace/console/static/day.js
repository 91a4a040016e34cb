// The day's page: keeps itself up to date without losing its place, opens panels, plans again, approves.

import { ask, given, post } from "./server.js";
import { DayMap } from "./map.js";

const EVERY_MS = 15000;
const WHILE_PLANNING_MS = 2000;
const find = (id) => document.getElementById(id);
const state = { chosen: null, panels: {}, parts: {}, planning: find("planning").dataset.state, asked: false };

const address = () =>
  `/console/day.json?district=${given.district}&day=${given.day}&lang=${given.lang === "en" ? "en" : "zh"}`;

let map = null;
if (window.L) {
  map = new DayMap(find("map"), (visit) => choose(visit, true));
  map.drawGround();
  find("whole").hidden = false;
  find("whole").addEventListener("click", () => map.fit(true));
} else {
  find("map").textContent = given.words.map_missing;
}

function message(text, kind = "notice") {
  const place = find("message");
  place.className = kind;
  place.textContent = text;
  place.hidden = !text;
}

// A part is replaced only when it changed, and never under somebody's hands.
function replaceParts(parts) {
  for (const [name, html] of Object.entries(parts)) {
    const place = find(name);
    const active = document.activeElement;
    const typing = place.contains(active) && active.matches("input") && active.value;
    const choosing = place.querySelector(".offers:not([hidden])");
    if (state.parts[name] === html || typing || choosing) continue;
    const focused = place.contains(active) ? active.closest("[data-visit]")?.dataset.visit : null;
    const left = place.querySelector(".chart")?.scrollLeft ?? 0;
    place.innerHTML = html; // our own templates made it, every value escaped
    state.parts[name] = html;
    const chart = place.querySelector(".chart");
    if (chart) chart.scrollLeft = left;
    if (focused) place.querySelector(`[data-visit="${focused}"] a, a[data-visit="${focused}"]`)?.focus({ preventScroll: true });
  }
  for (const form of document.querySelectorAll("form.approve")) form.hidden = false;
  markChosen();
}

async function refresh() {
  const day = await ask(address());
  find("as-of").textContent = day.as_of;
  find("planning").textContent = day.planning.text;
  if (state.asked && day.planning.state !== "waiting") {
    state.asked = false;
    message(`${given.words.planned_now} · ${day.planning.text}`);
  }
  state.planning = day.planning.state;
  const button = find("plan");
  if (button) button.disabled = state.planning === "waiting";
  state.panels = day.panels;
  replaceParts(day.parts);
  if (map) {
    map.titles = day.panels;
    map.show(day.map, state.chosen);
  }
  showPanel();
}

let timer = null;
async function keepUp() {
  clearTimeout(timer);
  try {
    await refresh();
    if (find("message").classList.contains("alert")) message("");
  } catch (error) {
    message(error.status === 401 ? given.words.signed_out : (error.status ? error.message : given.words.refresh_failed), "alert");
    if (error.status === 401) return;
  }
  timer = setTimeout(keepUp, state.planning === "waiting" ? WHILE_PLANNING_MS : EVERY_MS);
}

function markChosen() {
  for (const one of document.querySelectorAll("[data-visit]")) one.classList.toggle("chosen", one.dataset.visit === state.chosen);
}

function showPanel() {
  const panel = find("panel");
  const shown = state.panels[state.chosen];
  panel.hidden = !shown;
  if (!shown) return;
  const title = document.createElement("h2");
  title.textContent = shown.title;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "quiet";
  close.textContent = given.words.close;
  close.addEventListener("click", () => choose(null));
  const head = document.createElement("div");
  head.className = "title";
  head.append(title, close);
  const lines = document.createElement("dl");
  for (const [label, value] of shown.lines) {
    const [term, text] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = label;
    text.textContent = value;
    lines.append(term, text);
  }
  panel.replaceChildren(head, lines);
}

function choose(visit, fromMap = false) {
  state.chosen = visit;
  markChosen();
  showPanel();
  map?.choose(visit);
  if (visit && !fromMap) map?.goTo(visit);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#visit-"]');
  if (!link) return;
  event.preventDefault();
  choose(link.getAttribute("href").slice("#visit-".length));
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && state.chosen) choose(null);
});

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form.approve");
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    await post(`/v1/visits/${form.dataset.visit}/approve`, { reason: form.elements.reason.value });
    form.reset();
    document.activeElement.blur();
    message(given.words.approved);
    await keepUp();
  } catch (error) {
    message(error.message, "alert");
  } finally {
    button.disabled = false;
  }
});

const planButton = find("plan");
if (planButton) {
  planButton.hidden = false;
  planButton.addEventListener("click", async () => {
    planButton.disabled = true;
    try {
      await post("/v1/plans", { district_id: given.district, day: given.day });
      state.asked = true;
      message(given.words.planning);
      await keepUp();
    } catch (error) {
      planButton.disabled = false;
      message(error.message, "alert");
    }
  });
}

document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && keepUp());
for (const form of document.querySelectorAll("form.pick select, form.pick input[type=date]")) {
  form.addEventListener("change", () => form.value && form.form.requestSubmit());
}
keepUp();
