"use strict";
// Looks every few seconds whether there is more; a browser that reloads keeps the place that is being read. Not while a picture is open
// large, words are marked, the page is out of sight, or nothing has been written for ten minutes: nobody writes it any more.
setInterval(() => {
  const busy = document.hidden || document.querySelector(":popover-open") || getSelection().type === "Range";
  if (!busy && Date.now() - new Date(document.lastModified) < 600000) location.reload();
}, EVERY);
