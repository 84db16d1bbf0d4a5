// While a file is being written, shows its progress: replaces #files by that of a fresh page.
const PERIOD = 2000; // ms

async function update() {
  const shown = document.getElementById("files");
  if (!shown?.hasAttribute("data-writing")) return;
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = answer.ok && page.getElementById("files");
    if (fresh && !shown.contains(document.activeElement)) shown.replaceWith(fresh);
  } catch {
    // Offline: the next try may succeed.
  }
  setTimeout(update, PERIOD);
}

setTimeout(update, PERIOD);
