// Comfort for organisers who read many comments: keys. The page works without it.
const ticks = [...document.querySelectorAll("[data-comment]")];
const form = document.getElementById("decide");
const decisions = { a: "shown", r: "refused", h: "waiting" };
const hint = document.querySelector("[data-keys]");

if (hint) {
  hint.hidden = false;
}

document.addEventListener("keydown", (event) => {
  // Only in a comment's box: elsewhere letters belong to the browser and to screen readers.
  const at = ticks.indexOf(event.target);
  if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  const key = event.key.toLowerCase();
  if (key === "j" || key === "k") {
    const next = key === "j" ? Math.min(at + 1, ticks.length - 1) : Math.max(at - 1, 0);
    ticks[next]?.focus();
    ticks[next]?.scrollIntoView({ block: "center" });
  } else if (key === "x") {
    ticks[at].checked = !ticks[at].checked;
  } else if (key in decisions) {
    // Without a tick, the comment on which the focus is.
    if (!ticks.some((tick) => tick.checked)) {
      ticks[at].checked = true;
    }
    form.querySelector(`[value="${decisions[key]}"]`)?.click();
  }
});
