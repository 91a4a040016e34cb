// What waits for a decision: who else can take a booking over, giving it to one of them, or cancelling it.

import { ask, given, post } from "./server.js";

const place = document.getElementById("matters");

function tell(text, kind) {
  const line = document.getElementById("message");
  line.className = kind;
  line.textContent = text;
  line.hidden = !text;
}

const showChoices = () => {
  for (const one of place.querySelectorAll(".choices")) one.hidden = false;
};
new MutationObserver(showChoices).observe(place, { childList: true });
showChoices();

function price(found, amount) {
  if (found.unit === "minutes") return `${amount} min`;
  return new Intl.NumberFormat(given.lang, { style: "currency", currency: "CNY" }).format(amount / 100);
}

function choice(found, offer, matter) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.offer = offer.offer_id;
  button.textContent = given.words.give_to
    .replace("{who}", offer.provider_name)
    .replace("{price}", price(found, offer.amount));
  button.addEventListener("click", () => decide(matter, button, "move", { offer_id: offer.offer_id }));
  const line = document.createElement("li");
  line.append(button);
  return line;
}

async function find(matter, button) {
  const found = await ask(`/v1/bookings/${matter.dataset.booking}/alternatives`);
  const list = matter.querySelector(".offers");
  list.hidden = false;
  list.replaceChildren(...found.offers.map((offer) => choice(found, offer, matter)));
  if (!found.offers.length) list.textContent = given.words.none_can;
  button.disabled = false;
}

async function decide(matter, button, verb, body) {
  button.disabled = true;
  try {
    await post(`/v1/matters/${matter.dataset.matter}/${verb}`, body);
    tell("", "notice");
    matter.remove();
    document.dispatchEvent(new Event("visibilitychange")); // the page's own refreshing takes over from here
  } catch (error) {
    button.disabled = false;
    tell(error.message, "alert");
  }
}

place.addEventListener("click", async (event) => {
  const matter = event.target.closest("[data-matter]");
  const button = event.target.closest("button.find, button.cancel, button.decide");
  if (!matter || !button) return;
  if (button.matches(".decide")) return decide(matter, button, button.dataset.verb, JSON.parse(button.dataset.body));
  button.disabled = true;
  if (button.matches(".cancel")) return decide(matter, button, "cancel", {});
  try {
    await find(matter, button);
  } catch (error) {
    button.disabled = false;
    tell(error.message, "alert");
  }
});
