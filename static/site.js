// Comfort only: everything works without this file. The counter moves while the page is seen; the link can be copied.

const language = document.documentElement.lang;
const written = new Intl.NumberFormat(language);

const SOONEST = 5_000; // ms between looks at a counter that moves
const LATEST = 300_000; // and at one that does not

for (const counter of document.querySelectorAll("[data-count-url]")) follow(counter);
for (const button of document.querySelectorAll("[data-copy]")) offerCopy(button);
document.querySelector(".summary[tabindex]")?.focus();

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
  counter.querySelector("[data-count]").textContent = written.format(count);
  const bar = counter.querySelector("progress");
  bar.max = goal;
  bar.value = count;
  const next = counter.querySelector("[data-goal-words]");
  next.textContent = next.dataset.goalWords.replace("{goal}", written.format(goal));
}

function offerCopy(button) {
  const field = button.parentElement.querySelector("input");
  const status = button.closest(".copy").querySelector("[data-copied]");
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.dataset.link);
      status.textContent = status.dataset.copied;
    } catch {
      field.select(); // refused: at least it is marked for copying by hand
    }
  });
}
