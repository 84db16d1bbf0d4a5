// Comfort only: everything works without this file. The counter moves while the page is seen; the link can be copied.

const language = document.documentElement.lang;
const written = new Intl.NumberFormat(language);

const SOONEST = 5_000; // ms between looks at a counter that moves
const LATEST = 300_000; // and at one that does not

for (const counter of document.querySelectorAll("[data-count-url]")) follow(counter);
for (const button of document.querySelectorAll("[data-copy]")) offerCopy(button);
for (const button of document.querySelectorAll("[data-share]")) offerShare(button);
for (const field of document.querySelectorAll("[data-challenge]")) solve(field, JSON.parse(field.dataset.challenge));
document.querySelector(".summary[tabindex]")?.focus();
signAsTyped(document.querySelector("[data-signature]"), document.querySelector("#sign #name"));
offerLetter(document.querySelector("[data-copied-from]"));
// Who copies the address from the browser passes on the petition, not how they came to it.
if (new URLSearchParams(location.search).has("r")) history.replaceState(null, "", location.pathname + location.hash);

function follow(counter) {
  let wait = SOONEST;
  let timer = 0;
  let known = null;

  const look = async () => {
    try {
      const answer = await fetch(counter.dataset.countUrl, { credentials: "omit" });
      if (!answer.ok) throw new Error(answer.status);
      const { count, goal } = await answer.json();
      wait = known !== null && count !== known ? SOONEST : Math.min(wait * 1.5, LATEST);
      if (count !== known) show(counter, count, goal);
      known = count;
    } catch {
      wait = Math.min(wait * 2, LATEST); // a bad line is no news
    }
    plan();
  };
  const plan = () => {
    clearTimeout(timer);
    if (document.visibilityState === "visible" && !navigator.connection?.saveData) {
      timer = setTimeout(look, wait);
    }
  };
  document.addEventListener("visibilitychange", () => {
    wait = SOONEST;
    plan();
  });
  plan();
}

function show(counter, count, goal) {
  const number = counter.querySelector("[data-count]");
  const before = Number(counter.dataset.said ?? count);
  counter.dataset.said = count;
  number.textContent = written.format(count);
  counter.querySelector("[data-counted]").hidden = count === 0;
  counter.querySelector("[data-none]")?.remove();
  const bar = counter.querySelector("progress");
  if (bar) Object.assign(bar, { max: goal, value: count });
  const next = counter.querySelector("[data-goal-words]");
  if (next) next.textContent = next.dataset.goalWords.replace("{goal}", written.format(goal));
  // Said aloud at round numbers alone: every step would be chatter.
  const step = 10 ** Math.max(2, String(count).length - 1);
  if (Math.floor(count / step) > Math.floor(before / step)) {
    const said = counter.querySelector("[data-round]");
    said.textContent = said.dataset.round.replace("{count}", written.format(count));
  }
}

function signAsTyped(line, name) {
  if (!line || !name) return;
  const write = () => (line.textContent = name.value);
  name.addEventListener("input", write);
  addEventListener("pageshow", write); // the browser may have put the name back
}

function offerShare(button) {
  if (!navigator.share) return;
  button.parentElement.hidden = false;
  button.addEventListener("click", () => {
    const { share, text } = button.dataset;
    // In the text, because some programs drop the address; who closes the sheet has done no wrong.
    navigator.share({ text: `${text} ${share}` }).catch(() => {});
  });
}

function offerCopy(button) {
  const field = button.parentElement.querySelector("input");
  const status = button.closest(".copy").querySelector("[data-copied]");
  onCopy(button, status, () => field.dataset.link, () => field.select());
}

function offerLetter(letter) {
  if (!letter) return;
  const print = document.querySelector("[data-print]");
  print.hidden = false;
  print.addEventListener("click", () => window.print());
  const button = document.querySelector("[data-copy-text]");
  const status = button.parentElement.querySelector("[data-copied]");
  onCopy(button, status, () => letter.innerText, () => getSelection().selectAllChildren(letter));
}

function onCopy(button, status, text, instead) {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    let said = status.dataset.copied;
    status.textContent = ""; // what is said again is heard if it was gone
    await navigator.clipboard.writeText(text()).catch(() => {
      said = status.dataset.refused;
      instead(); // at least it is marked for copying by hand
    });
    setTimeout(() => (status.textContent = said), 100);
  });
}

// The extra step: ALTCHA's proof of work, by the browser's own PBKDF2. Without it the wait does as well.
async function solve(field, challenge) {
  const { nonce, salt, cost, keyLength, keyPrefix } = challenge.parameters;
  if (!crypto.subtle) return;
  const password = new Uint8Array([...bytes(nonce), 0, 0, 0, 0]);
  const count = new DataView(password.buffer);
  const options = { name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: cost };
  for (let counter = 0; ; counter++) {
    count.setUint32(password.length - 4, counter);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const derived = hex(await crypto.subtle.deriveBits(options, key, keyLength * 8));
    if (derived.startsWith(keyPrefix)) {
      field.value = btoa(JSON.stringify({ challenge, solution: { counter, derivedKey: derived } }));
      break;
    }
  }
  const words = document.querySelector("[data-step-words]");
  words.textContent = words.dataset.stepWords;
}

function bytes(text) {
  return Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
}

function hex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
