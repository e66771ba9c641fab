"use strict";
// What is made of an answer. `feeds`: numbers that the network is given beside the picture; `read`: an answer → what was found; `paint`: draws that over the photo;
// `at`: words for a place, in shares of the sides; `crisp`: pixels of the longer side that letters need on the screen.
const masks = ({classes, dial, gives}) => ({
  file: "segmented.png",
  crisp: 0,
  feeds: {},
  read(values, w, h) {
    const n = w * h, found = {w, h, values, labels: new Uint16Array(n)}, counts = new Float64Array(classes.length);
    for (let i = 0; i < n; i++) {
      let best = 0;
      for (let k = 1; k < classes.length; k++) if (values[k * n + i] > values[best * n + i]) best = k;
      found.labels[i] = best;
      counts[best]++;
    }
    classes.forEach(({row, area}, k) => {
      const share = counts[k] / n;
      area.textContent = share >= 0.0005 ? `${(100 * share).toFixed(1)} %` : share ? "< 0.1 %" : "–";
      row.style.setProperty("--share", `${100 * share}%`);
      row.classList.toggle("z-absent", !share);
    });
    return found;
  },
  paint(brush, {w: wide, h: high, labels}, w, h) {
    const mask = new ImageData(wide, high), cover = Number(dial.value) / 100;
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i];
      if (!classes[label].box.checked) continue;
      const right = (i + 1) % wide ? labels[i + 1] : label, below = labels[i + wide] ?? label;
      mask.data.set(classes[label].colour, 4 * i);
      mask.data[4 * i + 3] = 255 * (right !== label || below !== label ? Math.min(1, 1.6 * cover) : cover);
    }
    const small = Object.assign(document.createElement("canvas"), {width: wide, height: high});
    small.getContext("2d").putImageData(mask, 0, 0);
    brush.imageSmoothingQuality = "high";
    brush.drawImage(small, 0, 0, w, h);
  },
  at({w, h, values, labels}, x, y) {
    const place = (v, n) => Math.min(n - 1, Math.max(0, Math.floor(v * n)));
    const i = place(y, h) * w + place(x, w), best = labels[i];
    let total = 0;
    for (let k = 0; k < classes.length; k++) total += gives === "logits" ? Math.exp(values[k * w * h + i] - values[best * w * h + i]) : 0;
    return `${classes[best].name}, ${(100 * (total ? 1 / total : values[best * w * h + i])).toFixed(0)} %`;
  },
});

const boxes = ({find, canvas, classes, dial}) => {
  const list = find(".z-found tbody"), sure = find(".z-sure"), MANY = 12;  // of more classes only those that were found are listed
  const percent = (score) => `${(100 * score).toFixed(0)} %`;
  return {
    file: "located.png",
    crisp: 1000,
    feeds: {least: Number(dial.min) / 100},  // one look is enough: what is surer lies on nothing that is less sure
    read(values, w, h, photo, columns) {
      const things = [];
      for (let i = 0; i < values.length; i += columns) {
        const [x, y, wide, high, score, k] = values.subarray(i, i + 6);
        things.push({x: x / w, y: y / h, w: wide / w, h: high / h, score, k});
      }
      return {things, width: photo.width, height: photo.height};
    },
    shown: ({things}) => things.filter(({score, k}) => score >= Number(dial.value) / 100 - 1e-6 && classes[k].box.checked),
    paint(brush, found, w, h) {
      const some = this.shown(found), unit = w / (canvas.clientWidth || w);  // pixels of the canvas for one of the screen
      brush.lineWidth = 2.5 * unit;
      brush.font = `600 ${13 * unit}px system-ui, sans-serif`;
      brush.textBaseline = "middle";
      for (const {x, y, w: wide, h: high, score, k} of [...some].reverse()) {
        const {name, colour} = classes[k], words = `${name} ${percent(score)}`, [r, g, b] = colour;
        brush.strokeStyle = brush.fillStyle = `rgb(${colour})`;
        brush.strokeRect(x * w, y * h, wide * w, high * h);
        const broad = brush.measureText(words).width + 10 * unit, tall = 20 * unit, up = y * h >= tall ? y * h - tall : y * h;
        const left = Math.max(0, Math.min(x * w - brush.lineWidth / 2, w - broad));
        brush.fillRect(left, up, broad, tall);
        brush.fillStyle = 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#000" : "#fff";
        brush.fillText(words, left + 5 * unit, up + tall / 2);
      }
      this.tell(found, some);
    },
    tell({width, height}, some) {
      sure.textContent = `${dial.value} %`;
      classes.forEach(({row, area}, k) => {
        const count = some.filter((thing) => thing.k === k).length;
        area.textContent = count || "–";
        row.classList.toggle("z-absent", !count);
        row.hidden = classes.length > MANY && !count && classes[k].box.checked;
      });
      const told = some.map(({x, y, w, h, score, k}) =>
        [classes[k].name, percent(score), `${Math.round(x * width)}, ${Math.round(y * height)}, ${Math.round(w * width)} × ${Math.round(h * height)}`]);
      list.replaceChildren(...(told.length ? told : [["nothing", "", ""]]).map((texts) => {
        const row = document.createElement("tr");
        row.append(...texts.map((textContent) => Object.assign(document.createElement("td"), {textContent})));
        row.classList.toggle("z-absent", !told.length);
        return row;
      }));
    },
    at(found, x, y) {
      const under = this.shown(found).filter((box) => x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h);
      const least = under.sort((a, b) => a.w * a.h - b.w * b.h)[0];
      return least ? `${classes[least.k].name}, ${percent(least.score)}` : "";
    },
  };
};

// Runs the network that the page holds on a picture of the reader's. No server is asked for anything: the page's policy allows none.
for (const trial of document.querySelectorAll(".z-trial")) (async () => {
  const find = (what) => trial.querySelector(what);
  const canvas = find("canvas"), here = find(".z-here"), status = find(".z-status span"), size = find("[data-dial=size]"), dial = find("input[data-dial]");
  const rows = [...trial.querySelectorAll(".z-classes tbody tr")];
  const classes = rows.map((row) => ({
    row, box: row.querySelector("input"), area: row.querySelector(".z-area"), name: row.querySelector(".z-swatch").textContent.trim(),
    colour: [1, 3, 5].map((at) => parseInt(row.dataset.colour.slice(at, at + 2), 16)),
  }));
  const only = trial.dataset.hw?.split(",").map(Number);  // rows, columns
  const {gives} = trial.dataset, kind = (gives === "detections" ? boxes : masks)({find, canvas, classes, dial, gives});
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
    const k = Math.min(1, size ? Number(size.value) / Math.min(w, h) : 1, 2048 / Math.max(w, h));
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
      const feeds = Object.entries(kind.feeds).map(([name, value]) => [name, new ort.Tensor("float32", [value], [])]);
      answer = (await session.run({picture: new ort.Tensor("float32", x, [1, 3, h, w]), ...Object.fromEntries(feeds)}))[gives];
    } catch (error) {
      return say(`The network could not look at it: ${error.message ?? error}. A smaller size may do.`, true);
    }
    const seconds = (performance.now() - began) / 1000;
    if (mine !== asked) return;
    found = kind.read(answer.data, w, h, photo, answer.dims[1]);
    paint();
    saving("picture", () => {
      paint(true);
      canvas.toBlob((blob) => saved(blob, kind.file));
      paint();
    });
    say(`${seconds < 10 ? seconds.toFixed(2) : Math.round(seconds)} s for ${w} × ${h} pixels, in this browser. The picture is ${photo.width} × ${photo.height}.`);
    trial.dataset.done = String(mine);
  };

  const paint = (saving = false) => {
    const longest = Math.max(photo.width, photo.height), k = Math.min(WIDEST / longest, saving ? 1 : Math.max(1, kind.crisp / longest));
    const w = Math.max(1, Math.round(photo.width * k)), h = Math.max(1, Math.round(photo.height * k));
    const brush = canvas.getContext("2d");
    Object.assign(canvas, {width: w, height: h});
    canvas.style.setProperty("--ratio", w / h);
    brush.drawImage(onCanvas(photo, w, h), 0, 0);
    if (!found) return;
    kind.paint(brush, found, w, h);
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
  dial.addEventListener("input", () => photo && paint());
  addEventListener("resize", () => photo && paint());
  size?.addEventListener("change", look);
  document.addEventListener("dragover", (event) => { event.preventDefault(); trial.classList.add("z-dragged"); });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) trial.classList.remove("z-dragged"); });
  document.addEventListener("drop", (event) => { event.preventDefault(); trial.classList.remove("z-dragged"); file(event.dataTransfer.files[0]); });
  document.addEventListener("paste", (event) => file([...event.clipboardData.files][0]));
  canvas.addEventListener("pointerleave", () => { here.hidden = true; });
  canvas.addEventListener("pointermove", (event) => {
    here.hidden = !found;
    if (!found) return;
    const box = canvas.getBoundingClientRect();
    here.textContent = kind.at(found, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    here.hidden = !here.textContent;
  });

  await show(find(".z-samples img"), "it");
  try {
    await begin();
  } catch (error) {
    return say(`The network cannot be run in this browser: ${error.message ?? error}.`, true);
  }
  await look();
})();
