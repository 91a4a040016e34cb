// Talking to the program: the page's token lives here, in memory, and is renewed when it has run out.

const element = document.getElementById("given");
export const given = JSON.parse(element.textContent);
element.remove(); // the token need not stand in the document
let token = given.token;
delete given.token;

export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

function send(path, options) {
  const headers = { Authorization: `Bearer ${token}`, "Accept-Language": given.lang, ...options.headers };
  return fetch(path, { ...options, headers, credentials: "same-origin", cache: "no-store" });
}

// One tab at a time: a refresh token shown twice would end the sign-in. Each tab's renewal sets the next cookie.
async function renew() {
  const work = async () => {
    const answer = await fetch("/console/renew", { method: "POST", headers: { "Accept-Language": given.lang } });
    if (!answer.ok) throw await refusal(answer);
    token = (await answer.json()).access_token;
  };
  return navigator.locks ? navigator.locks.request("liuzhu-renew", work) : work();
}

async function refusal(answer) {
  const problem = await answer.json().catch(() => ({}));
  return new Refused(answer.status, problem.detail ?? `${answer.status}`);
}

// The answer's JSON; Refused with the program's own sentence otherwise.
export async function ask(path, options = {}) {
  let answer = await send(path, options);
  if (answer.status === 401) {
    await renew();
    answer = await send(path, options);
  }
  if (!answer.ok) throw await refusal(answer);
  return answer.json();
}

function freshKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");
}

export function post(path, body, key = freshKey()) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
  return ask(path, { method: "POST", headers, body: JSON.stringify(body) });
}

export async function layer(name) {
  const answer = await fetch(`/console/map/${name}.geojson`);
  return answer.ok ? answer.json() : null;
}
