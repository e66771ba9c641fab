"use strict";
// Hides what does not hold all the words looked for; without this script all is shown, and the browser's own search works.
for (const find of document.querySelectorAll(".z-find")) {
  const box = find.querySelector("input"), found = find.querySelector(".z-found");
  const entries = [...find.parentElement.querySelectorAll(".z-entry")].map((entry) => [entry, entry.textContent.toLowerCase()]);
  const look = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const [entry, text] of entries) {
      const fits = words.every((word) => /^\d+$/.test(word) ? new RegExp("(^|\\D)" + word + "(\\D|$)").test(text) : text.includes(word));
      entry.hidden = !fits;
      count += fits;
    }
    found.textContent = words.length ? count + " of " + entries.length : entries.length + " in all";
  };
  box.addEventListener("input", look);
  look();
}
