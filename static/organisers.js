// Comfort for organisers: buttons that insert the signs of Markdown. All pages work without it.
for (const toolbar of document.querySelectorAll("[data-toolbar]")) {
  const field = document.getElementById(toolbar.dataset.toolbar);
  toolbar.hidden = false;
  toolbar.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) {
      insert(field, button.dataset.before, button.dataset.after);
    }
  });
}

// Put signs around what is selected; those of a whole line go to its beginning.
function insert(field, before, after) {
  const { selectionStart, selectionEnd, value } = field;
  const start = after ? selectionStart : value.lastIndexOf("\n", selectionStart - 1) + 1;
  const selected = value.slice(start, selectionEnd);
  const cursor = start + before.length + selected.length;
  field.setRangeText(before + selected + after, start, selectionEnd, "end");
  field.focus();
  field.setSelectionRange(cursor, cursor);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
