// Enhancements; everything works without this file.

const MIN_WAIT = 5_000; // ms between polls of a counter that changes
const MIN_STATUS_WAIT = 3_000; // and of an email that was just asked for
const MAX_WAIT = 300_000; // and of what does not change

for (const counter of document.querySelectorAll("[data-count-url]")) pollCounter(counter);
for (const section of document.querySelectorAll("[data-status-url]")) pollStatus(section);
for (const details of document.querySelectorAll("[data-opens-in]")) setTimeout(() => (details.open = true), details.dataset.opensIn * 1000);
for (const { dataset } of document.querySelectorAll("[data-address]")) history.replaceState(null, "", dataset.address);
for (const button of document.querySelectorAll("[data-copy]")) addCopyButton(button);
for (const button of document.querySelectorAll("[data-print]")) addPrintButton(button);
for (const button of document.querySelectorAll("[data-share]")) addShareButton(button);
for (const field of document.querySelectorAll("[data-challenge]")) solveChallenge(field, JSON.parse(field.dataset.challenge));
// For browsers that ignore autofocus; others have followed it by now.
requestAnimationFrame(() => document.querySelector(".summary[tabindex]:not(:focus)")?.focus());
mirrorName(document.querySelector("[data-signature]"), document.querySelector("#sign #name"));
watchForm(document.querySelector(".sign-bar"));
for (const link of document.querySelectorAll(".languages a")) keepTyped(link, document.querySelector("#sign-form"));
// A copied link is another channel.
if (new URLSearchParams(location.search).has("r")) history.replaceState(null, "", location.pathname + location.hash);

// `show` returns whether the answer is another one than before.
function poll(url, minWait, show) {
  let wait = minWait;
  let timer = 0;

  const ask = async () => {
    try {
      const response = await fetch(url, { credentials: "omit" });
      if (!response.ok) throw new Error(response.status);
      wait = show(await response.json()) ? minWait : Math.min(wait * 1.5, MAX_WAIT);
    } catch {
      wait = Math.min(wait * 2, MAX_WAIT); // offline or error
    }
    schedule();
  };
  const schedule = () => {
    clearTimeout(timer);
    if (document.visibilityState === "visible") timer = setTimeout(ask, wait);
  };
  document.addEventListener("visibilitychange", () => {
    wait = minWait;
    schedule();
  });
  schedule();
}

function pollCounter(counter) {
  if (navigator.connection?.saveData) return;
  let lastCount = null;
  poll(counter.dataset.countUrl, MIN_WAIT, ({ count, goal }) => {
    const changed = lastCount !== null && count !== lastCount;
    if (count !== lastCount) showCount(counter, count, goal);
    lastCount = count;
    return changed;
  });
}

function pollStatus({ dataset }) {
  const write = (line, text) => {
    // Screen readers announce a status whenever it is written.
    if (line && line.textContent !== text) line.textContent = text;
  };
  poll(dataset.statusUrl, MIN_STATUS_WAIT, ({ layout, status, times, resendable }) => {
    // A page with other forms, unless somebody is typing or about to answer.
    if (layout !== dataset.layout && !document.activeElement?.value) location.replace(location.pathname);
    write(document.querySelector("[data-status]"), status);
    write(document.querySelector("[data-times]"), times);
    const resend = document.querySelector("[data-resend]");
    if (resend) resend.hidden = !resendable;
  });
}

function showCount(counter, count, goal) {
  const find = (selector) => counter.querySelector(selector);
  // A sample of ten digits: browsers lack the separators of some languages.
  const format = (number) => {
    const digits = [...String(number)];
    const end = counter.dataset.sample.match(RegExp(`(\\d\\D*){${digits.length}}$`))[0];
    return end.replace(/\d/g, () => digits.shift());
  };
  const before = Number(counter.dataset.shown ?? count);
  counter.dataset.shown = count;
  find("[data-count]").textContent = format(count);
  for (const again of document.querySelectorAll("[data-bar-count], [data-online]")) again.textContent = format(count);
  find("[data-counted]").hidden = count === 0;
  find("[data-none]")?.remove();
  const bar = find("progress");
  if (bar) Object.assign(bar, { max: goal, value: count });
  const goalLine = find("[data-goal-template]");
  if (goalLine) goalLine.textContent = goalLine.dataset.goalTemplate.replace("{goal}", format(goal));
  // Screen readers announce round numbers only.
  const step = 10 ** Math.max(2, String(count).length - 1);
  if (Math.floor(count / step) > Math.floor(before / step)) {
    const status = find("[data-round]");
    status.textContent = status.dataset.round.replace("{count}", format(count));
  }
}

function mirrorName(line, name) {
  if (!line || !name) return;
  const copyName = () => (line.textContent = name.value);
  name.addEventListener("input", copyName);
  addEventListener("pageshow", copyName); // the browser may have restored the name
}

function watchForm(bar) {
  if (!bar) return;
  const inView = new Set();
  const show = (entries) => {
    for (const { target, isIntersecting } of entries) inView[isIntersecting ? "add" : "delete"](target);
    bar.classList.toggle("shown", inView.size === 0);
  };
  const observer = new IntersectionObserver(show, { rootMargin: "0px 0px -48px" }); // without the bar's place
  for (const way of document.querySelectorAll("#sign, .start")) observer.observe(way);
}

// Submit the form to the page in the other language, which shows it again as it is.
function keepTyped(link, form) {
  link.addEventListener("click", (event) => {
    if (!form || event.ctrlKey || event.metaKey || event.shiftKey) return; // to a new tab or window
    if (!form.elements.name.value && !form.elements.email.value) return;
    event.preventDefault();
    const action = form.getAttribute("action").replace(/^(\/(?!p\/)[a-z]+)?\/p\//, `/${link.hreflang}/p/`);
    const button = Object.assign(document.createElement("button"), { name: "show_again", value: "unchecked", hidden: true });
    button.setAttribute("formaction", action);
    form.append(button);
    form.requestSubmit(button);
  });
}

function addShareButton(button) {
  if (!navigator.share) return;
  button.parentElement.hidden = false;
  button.addEventListener("click", () => {
    const { share, text } = button.dataset;
    // Some programs drop a separate URL. Closing the sheet rejects.
    navigator.share({ text: `${text} ${share}` }).catch(() => {});
  });
}

function addCopyButton(button) {
  if (!navigator.clipboard) return;
  const source = document.getElementById(button.dataset.copy);
  const status = button.closest("p, div").querySelector("[data-copied]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    let message = status.dataset.copied;
    status.textContent = ""; // screen readers announce only changes
    await navigator.clipboard.writeText(source.dataset.link ?? source.value ?? source.innerText).catch(() => {
      message = status.dataset.refused;
      // For copying by hand.
      if (source.select) source.select();
      else getSelection().selectAllChildren(source);
    });
    setTimeout(() => (status.textContent = message), 100);
  });
}

function addPrintButton(button) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// ALTCHA's proof of work with WebCrypto's PBKDF2. Without it, the reader waits.
async function solveChallenge(field, challenge) {
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
  const message = document.querySelector("[data-solved]");
  message.textContent = message.dataset.solved;
}

function bytes(text) {
  return Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
}

function hex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
