"use strict";
// Runs the network that the page holds on a picture of the reader's. No server is asked for anything: the page's policy allows none.
for (const trial of document.querySelectorAll(".z-trial")) (async () => {
  const find = (what) => trial.querySelector(what);
  const canvas = find("canvas"), here = find(".z-here"), status = find(".z-status span"), strength = find("[data-dial=strength]"), size = find("[data-dial=size]");
  const rows = [...trial.querySelectorAll("tbody tr")];
  const classes = rows.map((row) => ({
    row, box: row.querySelector("input"), area: row.querySelector(".z-area"), name: row.querySelector(".z-swatch").textContent.trim(),
    colour: [1, 3, 5].map((at) => parseInt(row.dataset.colour.slice(at, at + 2), 16)),
  }));
  const only = trial.dataset.hw?.split(",").map(Number);  // rows, columns
  const WIDEST = 1600;  // pixels of the longer side that is shown
  let session, ort, photo, found, asked = 0;

  const say = (text, wrong = false) => {
    status.textContent = text;
    status.parentElement.classList.toggle("z-wrong", wrong);
  };
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20)));  // once the browser has shown what there is

  const saved = (blob, name) => {
    const link = Object.assign(document.createElement("a"), {href: URL.createObjectURL(blob), download: name});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  };
  const saving = (what, onclick) => Object.assign(find(`[data-save=${what}]`), {onclick, hidden: false});

  const unpacked = async (part) => {
    const node = find(`[data-part=${part}]`), text = atob(node.textContent), bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    node.textContent = "";
    return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
  };

  const begin = async () => {
    say("Unpacking the network …");
    await drawn();
    const script = URL.createObjectURL(new Blob([await unpacked("script")], {type: "text/javascript"}));
    ort = await import(script);
    ort.env.wasm.numThreads = 1;  // more would need headers of a server
    ort.env.wasm.wasmBinary = await unpacked("binary");
    const model = await unpacked("model");
    session = await ort.InferenceSession.create(model, {executionProviders: ["wasm"]});
    saving("model", () => saved(new Blob([model]), trial.dataset.name));
  };

  // The size at which the network looks at a picture, never larger than it is.
  const sizeFor = (w, h) => {
    if (only) return [only[1], only[0]];
    const k = Math.min(1, Number(size.value) / Math.min(w, h), 2048 / Math.max(w, h));
    return [Math.max(1, Math.round(w * k)), Math.max(1, Math.round(h * k))];
  };

  const onCanvas = (source, w, h) => {
    const made = Object.assign(document.createElement("canvas"), {width: w, height: h}), brush = made.getContext("2d", {willReadFrequently: true});
    brush.imageSmoothingQuality = "high";
    brush.fillStyle = "#fff";  // behind what is transparent
    brush.fillRect(0, 0, w, h);
    brush.drawImage(source, 0, 0, w, h);
    return made;
  };

  const look = async () => {
    if (!photo) return;
    const mine = ++asked;
    found = undefined;
    paint();
    if (!session) return;
    const [w, h] = sizeFor(photo.width, photo.height);
    say(`Looking at ${w} × ${h} pixels …`);
    await drawn();
    if (mine !== asked) return;
    const rgba = onCanvas(photo, w, h).getContext("2d").getImageData(0, 0, w, h).data, n = w * h, x = new Float32Array(3 * n);
    for (let i = 0; i < n; i++) for (let c = 0; c < 3; c++) x[c * n + i] = rgba[4 * i + c] / 255;
    const began = performance.now();
    let answer;
    try {
      answer = (await session.run({picture: new ort.Tensor("float32", x, [1, 3, h, w])}))[trial.dataset.gives];
    } catch (error) {
      return say(`The network could not look at it: ${error.message ?? error}. A smaller size may do.`, true);
    }
    const seconds = (performance.now() - began) / 1000;
    if (mine !== asked) return;
    found = {w, h, values: answer.data, labels: new Uint16Array(n), counts: new Float64Array(classes.length)};
    for (let i = 0; i < n; i++) {
      let best = 0;
      for (let k = 1; k < classes.length; k++) if (answer.data[k * n + i] > answer.data[best * n + i]) best = k;
      found.labels[i] = best;
      found.counts[best]++;
    }
    classes.forEach(({row, area}, k) => {
      const share = found.counts[k] / n;
      area.textContent = share >= 0.0005 ? `${(100 * share).toFixed(1)} %` : share ? "< 0.1 %" : "–";
      row.style.setProperty("--share", `${100 * share}%`);
      row.classList.toggle("z-absent", !share);
    });
    paint();
    saving("picture", () => canvas.toBlob((blob) => saved(blob, "segmented.png")));
    say(`${seconds < 10 ? seconds.toFixed(2) : Math.round(seconds)} s for ${w} × ${h} pixels, in this browser. The picture is ${photo.width} × ${photo.height}.`);
    trial.dataset.done = String(mine);
  };

  const paint = () => {
    const k = Math.min(1, WIDEST / Math.max(photo.width, photo.height)), w = Math.max(1, Math.round(photo.width * k)), h = Math.max(1, Math.round(photo.height * k));
    const brush = canvas.getContext("2d");
    Object.assign(canvas, {width: w, height: h});
    canvas.style.setProperty("--ratio", w / h);
    brush.drawImage(onCanvas(photo, w, h), 0, 0);
    if (!found) return;
    const mask = new ImageData(found.w, found.h), cover = Number(strength.value) / 100;
    for (let i = 0; i < found.labels.length; i++) {
      const label = found.labels[i];
      if (!classes[label].box.checked) continue;
      const right = (i + 1) % found.w ? found.labels[i + 1] : label, below = found.labels[i + found.w] ?? label;
      mask.data.set(classes[label].colour, 4 * i);
      mask.data[4 * i + 3] = 255 * (right !== label || below !== label ? Math.min(1, 1.6 * cover) : cover);
    }
    const small = Object.assign(document.createElement("canvas"), {width: found.w, height: found.h});
    small.getContext("2d").putImageData(mask, 0, 0);
    brush.imageSmoothingQuality = "high";
    brush.drawImage(small, 0, 0, w, h);
  };

  const show = async (source, name) => {
    try {
      photo = await createImageBitmap(source);
    } catch {
      return say(`This browser cannot open ${name}. JPEG, PNG and WebP it can.`, true);
    }
    await look();
  };
  const file = (given) => given && show(given, given.name);

  find("input[type=file]").addEventListener("change", (event) => file(event.target.files[0]));
  for (const sample of trial.querySelectorAll(".z-samples button"))
    sample.addEventListener("click", () => show(sample.firstElementChild, "it"));
  for (const {box} of classes) box.addEventListener("change", () => photo && paint());
  strength.addEventListener("input", () => photo && paint());
  size?.addEventListener("change", look);
  document.addEventListener("dragover", (event) => { event.preventDefault(); trial.classList.add("z-dragged"); });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) trial.classList.remove("z-dragged"); });
  document.addEventListener("drop", (event) => { event.preventDefault(); trial.classList.remove("z-dragged"); file(event.dataTransfer.files[0]); });
  document.addEventListener("paste", (event) => file([...event.clipboardData.files][0]));
  canvas.addEventListener("pointerleave", () => { here.hidden = true; });
  canvas.addEventListener("pointermove", (event) => {
    here.hidden = !found;
    if (!found) return;
    const box = canvas.getBoundingClientRect(), {w, h, values, labels} = found, at = (v, n) => Math.min(n - 1, Math.max(0, Math.floor(v * n)));
    const i = at((event.clientY - box.top) / box.height, h) * w + at((event.clientX - box.left) / box.width, w), best = labels[i];
    let total = 0;
    for (let k = 0; k < classes.length; k++) total += trial.dataset.gives === "logits" ? Math.exp(values[k * w * h + i] - values[best * w * h + i]) : 0;
    const share = total ? 1 / total : values[best * w * h + i];
    here.textContent = `${classes[best].name}, ${(100 * share).toFixed(0)} %`;
  });

  await show(find(".z-samples img"), "it");
  try {
    await begin();
  } catch (error) {
    return say(`The network cannot be run in this browser: ${error.message ?? error}.`, true);
  }
  await look();
})();
