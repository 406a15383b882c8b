// The page side of the embedding explorer: a map on a canvas, a slider through training time, a gallery of what was chosen.
// No build step, no dependency, no request: the same file runs in Jupyter, in Voila and inside an exported HTML page.
// Every gesture is answered here, so it works while the kernel is busy. Gestures and Python write to the model; View
// follows the model's change events and tells the parts: Samples, Chart, Card, Timeline, Legend, Gallery. i is a row.

const WIDTH = 560, HEIGHT = 420, MARGIN = 24; // pixels; fixed, because canvases in a flex box stretch
const PICK = 22, DRAG = 5, GLIDE = 700, PAUSE = 500; // hover radius and shortest drag in pixels; milliseconds
const NEAREST = 8, GALLERY = 150; // neighbours of a clicked point, pictures in the gallery
const OKABE_ITO = ["#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#F0E442", "#8C8C8C"];
const MANY = [...OKABE_ITO.slice(0, 7), "#882255", "#332288", "#999933", "#44AA99", "#AA4499", "#661100"]; // and Paul Tol's
const CIVIDIS = ["#00224e", "#1a386f", "#434e6c", "#61656f", "#7d7c78", "#9b9476", "#bcae6c", "#dec958", "#fee838"];
const UNKNOWN = "#88888866";
const HELP = "Draw around points to collect them. Click one to see its neighbours. Wheel to zoom, Shift and drag to move.";
const KEYS = "Arrow keys move from point to point, Enter chooses, Escape clears, plus and minus zoom.";

const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
const mix = (a, b, t) => a + (b - a) * t;
const range = n => Array.from({ length: n }, (_, i) => i);
const copy = view => view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength); // views start anywhere
const number = x => (Number.isFinite(x) ? String(+x.toPrecision(3)) : "unknown");
const icon = path => `<svg viewBox="0 0 12 12" aria-hidden="true"><path d="${path}"/></svg>`;
const pointed = (on, off) => ({ onpointerenter: on, onpointerleave: off, onfocus: on, onblur: off }); // by mouse or keyboard

function make(tag, name, parent, properties = {}) {
  const node = Object.assign(document.createElement(tag), { className: name && `sslb-${name}` }, properties);
  parent?.append(node);
  return node;
}

function makeCanvas(name, parent, width, height) { // sharp on dense screens
  const ratio = Math.max(1, window.devicePixelRatio);
  const canvas = make("canvas", name, parent, { width: width * ratio, height: height * ratio });
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  canvas.getContext("2d").scale(ratio, ratio);
  return canvas;
}

function readFrame(frame) { // positions; the view [x, y, scale] that fits them; room of a point; neighbours
  const xy = Float32Array.from(new Int16Array(copy(frame.xy)), v => v / 32767), low = [1, 1], high = [-1, -1];
  xy.forEach((v, i) => { low[i % 2] = Math.min(low[i % 2], v); high[i % 2] = Math.max(high[i % 2], v); });
  const [width, height] = [high[0] - low[0] || 1, high[1] - low[1] || 1];
  const scale = Math.min((WIDTH - 2 * MARGIN) / width, (HEIGHT - 2 * MARGIN) / height);
  const view = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, scale];
  return { ...frame, xy, view, room: roomOf(xy), near: new Uint16Array(copy(frame.neighbours)) };
}

function roomOf(xy) { // side of the square that a point has for itself: the filled cells of a grid, shared by all
  const side = 0.1, n = xy.length / 2, cell = i => `${Math.round(xy[2 * i] / side)},${Math.round(xy[2 * i + 1] / side)}`;
  return side * Math.sqrt(new Set(range(n).map(cell)).size / n);
}

function nearestRows(frame, n, i) { // in the embedding when Python sent them, otherwise on the map
  const { xy, near } = frame, k = near.length / n;
  const far = j => (xy[2 * j] - xy[2 * i]) ** 2 + (xy[2 * j + 1] - xy[2 * i + 1]) ** 2;
  if (k) return [...near.slice(i * k, i * k + k)].slice(0, NEAREST);
  return range(n).filter(j => j !== i).sort((a, b) => far(a) - far(b)).slice(0, NEAREST);
}

function readColumn({ name, names, values }) { // a label or factor: the value, colour and word of each row
  const numbers = new Float32Array(copy(values)), known = numbers.filter(Number.isFinite).sort();
  const low = known[0], high = known.at(-1), colors = !names ? CIVIDIS : names.length <= 8 ? OKABE_ITO : MANY;
  const shade = v => colors[Math.round((v - low) / (high - low || 1) * (colors.length - 1))];
  const colorOf = v => (!Number.isFinite(v) || (names && v < 0) ? UNKNOWN : names ? colors[v % colors.length] : shade(v));
  const wordOf = v => (names ? names[v] ?? "unknown" : number(v));
  const members = (names ?? []).map((_, k) => range(numbers.length).filter(i => numbers[i] === k));
  return { name, names, numbers, low, high, members, colorOf, wordOf, word: i => wordOf(numbers[i]) };
}

function inside(polygon, x, y) { // even-odd rule
  return polygon.reduce((odd, [ax, ay], i) => {
    const [bx, by] = polygon[(i + 1) % polygon.length];
    return odd !== (ay > y !== by > y && x < ax + (bx - ax) * (y - ay) / (by - ay));
  }, false);
}

function darkPage() { // JupyterLab and Voila say so, Colab and VS Code in their own words
  const { body, documentElement: root } = document;
  return body.dataset.jpThemeLight === "false" || root.getAttribute("theme") === "dark" || /vscode-(dark|high-contrast)$/.test(body.className);
}

class Samples { // what the points are: their columns and how each looks, small (all in one sheet) and large
  constructor(model) {
    for (const name of ["count", "kind", "tile", "sprite", "lines", "snippets"]) this[name] = model.get(name);
    this.columns = model.get("columns").map(readColumn);
    this.wide = Math.ceil(Math.sqrt(this.count));
    if (this.kind === "line") this.drawSheet(64, 40);
  }

  async load() { // the sheet of images is decoded in the background
    if (this.kind !== "image") return;
    this.sheet = await createImageBitmap(new Blob([copy(this.sprite)]));
    [this.width, this.height] = [this.tile, this.tile];
  }

  drawSheet(width, height) {
    this.values = new Uint8Array(copy(this.lines.values));
    const sheet = make("canvas", "", null, { width: this.wide * width, height: Math.ceil(this.count / this.wide) * height });
    Object.assign(this, { sheet, width, height });
    for (const i of range(this.count)) this.drawLines(sheet.getContext("2d"), i, ...this.corner(i), width, height);
  }

  corner(i) { return [(i % this.wide) * this.width, Math.floor(i / this.wide) * this.height]; }

  draw(c, i, box) { c.drawImage(this.sheet, ...this.corner(i), this.width, this.height, ...box); }

  drawLines(c, i, left, top, width, height) { // one per channel
    const { points, channels } = this.lines;
    for (let channel = 0; channel < channels; channel++) {
      c.beginPath();
      c.strokeStyle = OKABE_ITO[channel];
      for (let t = 0, pen = false; t < points; t++) {
        const v = this.values[(i * channels + channel) * points + t];
        const x = left + 3 + t / (points - 1) * (width - 6), y = top + height - 3 - v / 254 * (height - 6);
        if (v < 255) pen ? c.lineTo(x, y) : c.moveTo(x, y);
        pen = v < 255; // 255 is a gap
      }
      c.stroke();
    }
  }

  show(parent, i, width) { // the text, or the thumbnail in a canvas of its own
    if (this.kind === "text") return make("span", "snippet", parent, { textContent: this.snippets[i] });
    if (!this.sheet) return;
    const height = Math.round(width * this.height / this.width);
    const c = makeCanvas("thumb", parent, width, height).getContext("2d");
    c.imageSmoothingEnabled = false;
    this.kind === "line" ? this.drawLines(c, i, 0, 0, width, height) : this.draw(c, i, [0, 0, width, height]);
  }
}

class Chart { // where the points lie and how they are drawn; two canvases, the upper for what follows the pointer
  constructor(stage, kept) { // kept: what outlives it
    this.canvas = makeCanvas("map", stage, WIDTH, HEIGHT);
    this.overlay = makeCanvas("overlay", stage, WIDTH, HEIGHT);
    Object.assign(this.overlay, { tabIndex: 0, role: "application", ariaRoleDescription: "embedding map" });
    this.root = stage.closest(".sslb-explorer");
    Object.assign(this, { n: 0, zoom: 1, pan: [0, 0], hovered: -1, kept });
  }

  setPoints(samples) {
    Object.assign(this, { samples, n: samples.count, xy: null, glide: null, hovered: -1 });
    this.screen = new Float32Array(2 * this.n); // pixels
    this.setZoom(1, [0, 0]);
  }

  setColors(column) {
    this.column = column;
    this.color = range(this.n).map(i => column?.colorOf(column.numbers[i]) ?? OKABE_ITO[0]);
    this.stamps = {};
    this.schedule();
  }

  setFrame(frame, past) { // glide there; past: the frames before it
    const still = !this.xy || matchMedia("(prefers-reduced-motion: reduce)").matches;
    const from = still ? frame : { xy: this.xy, view: this.view, room: this.room };
    Object.assign(this, { past, glide: { from, to: frame, start: performance.now() } });
    this.schedule();
  }

  setZoom(zoom, pan) {
    for (const one of [this, this.kept]) Object.assign(one, { zoom, pan });
    this.root.dataset.zoom = zoom.toFixed(2);
    this.schedule();
  }

  zoomBy(factor, x = WIDTH / 2, y = HEIGHT / 2) { // what is at x, y stays there
    const zoom = clamp(this.zoom * factor, 1, 40), k = zoom / this.zoom;
    this.setZoom(zoom, zoom === 1 ? [0, 0] : [mix(x - WIDTH / 2, this.pan[0], k), mix(y - HEIGHT / 2, this.pan[1], k)]);
  }

  schedule() { this.request ??= requestAnimationFrame(() => { this.request = null; this.tick(performance.now()); }); }

  tick(now) {
    if (this.glide) this.advance(now);
    if (this.glide) this.schedule();
    this.root.dataset.moving = Boolean(this.glide);
    this.draw();
    this.drawOverlay();
  }

  advance(now) {
    const { from, to, start } = this.glide, t = clamp((now - start) / GLIDE, 0, 1), s = t * t * (3 - 2 * t);
    this.xy = t < 1 ? from.xy.map((v, i) => mix(v, to.xy[i], s)) : to.xy;
    this.view = from.view.map((v, i) => mix(v, to.view[i], s));
    this.room = mix(from.room, to.room, s);
    if (t === 1) this.glide = null;
  }

  place(i, xy = this.xy) { // data units -> pixels
    const [x, y, scale] = this.view, s = scale * this.zoom;
    return [WIDTH / 2 + this.pan[0] + (xy[2 * i] - x) * s, HEIGHT / 2 + this.pan[1] - (xy[2 * i + 1] - y) * s];
  }

  thumbSide() { // 0 means dots, because thumbnails would hide each other
    const room = this.zoom * this.view[2] * this.room;
    return this.samples.sheet && room > 14 ? clamp(room * 1.2, 18, 56) * this.samples.width / this.samples.height : 0;
  }

  draw() {
    const c = this.canvas.getContext("2d");
    c.clearRect(0, 0, WIDTH, HEIGHT);
    if (!this.xy) return;
    for (let i = 0; i < this.n; i++) [this.screen[2 * i], this.screen[2 * i + 1]] = this.place(i);
    this.root.dataset.thumbnails = this.thumbSide() > 0;
    this.root.dataset.firstPoint = this.screen.slice(0, 2).map(Math.round);
    for (const lit of this.lit ? [false, true] : [true]) this.drawPoints(c, this.thumbSide(), lit);
    if (this.column?.names?.length <= 24) this.drawNames(c);
  }

  drawPoints(c, side, lit) {
    const fillStyle = getComputedStyle(this.root).backgroundColor, imageSmoothingEnabled = side < this.samples.width;
    Object.assign(c, { globalAlpha: lit ? 1 : 0.15, lineWidth: 2, fillStyle, imageSmoothingEnabled });
    for (let i = 0; i < this.n; i++) {
      const x = this.screen[2 * i], y = this.screen[2 * i + 1];
      if ((this.lit && this.lit[i] !== lit) || x < -30 || y < -30 || x > WIDTH + 30 || y > HEIGHT + 30) continue;
      side ? this.drawTile(c, i, x, y, side) : this.drawDot(c, this.color[i], x, y);
    }
    c.globalAlpha = 1;
  }

  drawTile(c, i, x, y, width) {
    const height = width * this.samples.height / this.samples.width, box = [x - width / 2, y - height / 2, width, height];
    c.strokeStyle = this.color[i];
    c.fillRect(...box);
    this.samples.draw(c, i, box);
    c.strokeRect(...box);
  }

  drawDot(c, color, x, y) { // copying a drawn dot is much faster than drawing each
    const radius = clamp(2.2 + 20 / Math.sqrt(this.n) + this.zoom * 0.3, 2.5, 7), size = 2 * radius + 2;
    const stamp = (this.stamps[color + radius] ??= this.makeStamp(color, radius, size));
    c.drawImage(stamp, x - size / 2, y - size / 2, size, size);
  }

  makeStamp(color, radius, size) {
    const canvas = makeCanvas("", null, size, size), c = canvas.getContext("2d");
    Object.assign(c, { fillStyle: color, strokeStyle: "#ffffffa0", lineWidth: 0.8 }); // seen on dark paper too
    c.arc(size / 2, size / 2, radius, 0, 7);
    c.fill();
    c.stroke();
    return canvas;
  }

  drawNames(c) { // a class is named on the map once its points lie together
    const all = this.middle(range(this.n)), { color, backgroundColor } = getComputedStyle(this.root), taken = [];
    Object.assign(c, { font: "600 13px system-ui, sans-serif", textAlign: "center", textBaseline: "middle", lineWidth: 4,
                       lineJoin: "round", strokeStyle: backgroundColor, fillStyle: color });
    this.column.names.forEach((name, k) => {
      const { x, y, spread } = this.middle(this.column.members[k]);
      if (!(spread < 0.4 * all.spread) || taken.some(([a, b]) => Math.abs(a - x) < 34 && Math.abs(b - y) < 16)) return;
      taken.push([x, y]);
      c.strokeText(name, x, y);
      c.fillText(name, x, y);
    });
  }

  middle(rows) { // mean place on the screen, and the variance around it
    const mean = f => rows.reduce((sum, i) => sum + f(this.screen[2 * i], this.screen[2 * i + 1]), 0) / rows.length;
    const x = mean(x => x), y = mean((_, y) => y);
    return { x, y, spread: mean((a, b) => (a - x) ** 2 + (b - y) ** 2) };
  }

  drawOverlay() {
    const c = this.overlay.getContext("2d"), { picked, hovered, lasso } = this;
    c.clearRect(0, 0, WIDTH, HEIGHT);
    if (!this.xy) return;
    c.strokeStyle = c.fillStyle = getComputedStyle(this.root).color;
    picked?.near.forEach(j => this.drawPath(c, [this.place(picked.row), this.place(j)], 0.6));
    const way = hovered < 0 ? [] : [...this.past.map(({ xy }) => this.place(hovered, xy)), this.place(hovered)];
    this.drawPath(c, way, 0.4); // through training
    for (const i of [picked?.row ?? -1, hovered]) if (i >= 0) this.drawRing(c, ...this.place(i));
    if (lasso) this.drawPath(c, [...lasso, lasso[0]], 1, 0.08);
  }

  drawPath(c, points, alpha, fill = 0) {
    Object.assign(c, { lineWidth: 1, globalAlpha: alpha });
    c.beginPath();
    points.forEach(([x, y]) => c.lineTo(x, y));
    c.stroke();
    c.globalAlpha = fill;
    c.fill();
    c.globalAlpha = 1;
  }

  drawRing(c, x, y) {
    c.lineWidth = 2;
    c.beginPath();
    c.arc(x, y, Math.max(8, this.thumbSide() * 0.75), 0, 7);
    c.stroke();
  }

  nearest(x, y, limit = PICK) {
    let best = -1, least = limit * limit;
    for (let i = 0; i < this.n && this.xy; i++) {
      const d = (this.screen[2 * i] - x) ** 2 + (this.screen[2 * i + 1] - y) ** 2;
      if (d < least) [best, least] = [i, d];
    }
    return best;
  }

  inside(path) { return range(this.n).filter(i => inside(path, this.screen[2 * i], this.screen[2 * i + 1])); }

  beside(dx, dy) { // the next point from the hovered one in this direction
    if (this.hovered < 0) return this.nearest(WIDTH / 2, HEIGHT / 2, WIDTH);
    const [x, y] = this.place(this.hovered);
    const cost = range(this.n).map(i => {
      const a = this.screen[2 * i] - x, b = this.screen[2 * i + 1] - y;
      const ahead = a * dx + b * dy, aside = Math.abs(a * dy - b * dx);
      return ahead > 0.5 && aside <= ahead ? ahead + 2 * aside : Infinity;
    });
    return cost.reduce((best, v, i) => (v < cost[best] ? i : best), this.hovered);
  }
}

class Gestures { // pointer and keys on the map -> hover(i), choose(rows)
  constructor(chart, hover, choose) {
    Object.assign(this, { chart, hover, choose });
    for (const name of ["pointerdown", "pointermove", "pointerup", "pointerleave", "dblclick", "wheel", "keydown"])
      chart.overlay.addEventListener(name, e => this[name](e), { passive: false });
  }

  pointerdown(e) {
    this.chart.overlay.focus({ preventScroll: true });
    this.chart.overlay.setPointerCapture(e.pointerId);
    this.drag = { path: [[e.offsetX, e.offsetY]], pan: e.shiftKey || e.button === 1 };
  }

  pointermove(e) {
    const { chart, drag } = this, [x, y] = [e.offsetX, e.offsetY]; // in pixels of the map, however large it is shown
    this.moved ||= e.movementX !== 0 || e.movementY !== 0;
    if (!drag) return this.hover(chart.nearest(x, y));
    const [lastX, lastY] = drag.path.at(-1), [firstX, firstY] = drag.path[0];
    drag.path.push([x, y]);
    if (drag.pan) return chart.setZoom(chart.zoom, [chart.pan[0] + x - lastX, chart.pan[1] + y - lastY]);
    if (chart.lasso || Math.hypot(x - firstX, y - firstY) > DRAG) chart.lasso = drag.path;
    this.hover(-1);
  }

  pointerup(e) {
    const { chart, drag } = this, lasso = chart.lasso;
    this.drag = chart.lasso = null;
    if (lasso) this.choose(chart.inside(lasso));
    else if (drag && !drag.pan) this.choose([chart.nearest(e.offsetX, e.offsetY)]);
  }

  pointerleave() { this.moved = false; if (!this.drag) this.hover(-1); }

  dblclick() { this.chart.setZoom(1, [0, 0]); }

  wheel(e) { // only after the pointer moved here, so that scrolling the page past the map does not zoom it
    if (!this.moved || (this.chart.zoom === 1 && e.deltaY > 0)) return;
    e.preventDefault();
    this.chart.zoomBy(Math.exp(-e.deltaY * 0.002), e.offsetX, e.offsetY);
  }

  keydown(e) {
    const { chart } = this, step = (dx, dy) => () => this.hover(chart.beside(dx, dy));
    const enter = () => this.choose([chart.hovered]);
    const keys = { ArrowLeft: step(-1, 0), ArrowRight: step(1, 0), ArrowUp: step(0, -1), ArrowDown: step(0, 1), Enter: enter,
                   " ": enter, Escape: () => { this.hover(-1); this.choose([]); }, "+": () => chart.zoomBy(1.6),
                   "-": () => chart.zoomBy(1 / 1.6) };
    if (!keys[e.key] || e.ctrlKey || e.metaKey || !chart.xy) return;
    e.preventDefault();
    e.stopPropagation();
    keys[e.key]();
  }
}

class Card { // one point, enlarged, beside it
  constructor(stage) { this.node = make("div", "card", stage, { hidden: true, ariaLive: "polite" }); }

  show(samples, i, first, x, y) { // first: the column that colours the map leads
    const { node } = this, columns = [first, ...samples.columns.filter(c => c !== first)].filter(Boolean);
    node.hidden = false;
    node.replaceChildren();
    node.classList.toggle("sslb-stacked", samples.kind !== "image");
    samples.show(node, i, samples.kind === "line" ? 220 : 112);
    const list = make("dl", "", node);
    for (const [name, word] of [...columns.map(c => [c.name, c.word(i)]), ["row", i]]) {
      make("dt", "", list, { textContent: name });
      make("dd", "", list, { textContent: word });
    }
    const { offsetWidth: w, offsetHeight: h } = node;
    node.style.left = `${clamp(x < WIDTH / 2 ? x + 22 : x - 22 - w, 2, WIDTH - w - 2)}px`;
    node.style.top = `${clamp(y - h / 2, 2, HEIGHT - h - 2)}px`;
  }
}

class Timeline { // play button, slider, step
  constructor(parent, goTo) {
    const node = make("div", "time", parent), onclick = () => this.toggle();
    const oninput = () => { this.stop(); goTo(+this.slider.value); };
    this.play = make("button", "play", node, { ariaLabel: "Play through training", onclick });
    this.slider = make("input", "slider", node, { type: "range", min: 0, step: 1, ariaLabel: "Training step", oninput });
    this.output = make("output", "step", node);
    Object.assign(this, { node, goTo });
    this.stop();
  }

  show(index, last, frame) {
    this.node.style.visibility = last > 0 ? "visible" : "hidden";
    Object.assign(this.slider, { max: Math.max(last, 0), value: index });
    this.output.textContent = frame ? `step ${frame.step}${frame.note && ` ${frame.note}`}` : "";
  }

  toggle() {
    if (this.timer) return this.stop();
    const next = () => (+this.slider.value < +this.slider.max ? this.goTo(+this.slider.value + 1) : this.stop());
    this.play.innerHTML = icon("M1 0 H5 V12 H1 Z M7 0 H11 V12 H7 Z");
    this.timer = setInterval(next, GLIDE + PAUSE);
    if (+this.slider.value >= +this.slider.max) this.goTo(0);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.play.innerHTML = icon("M2 0 L12 6 L2 12 Z");
  }
}

class Legend { // which column colours the points, and what the colours mean
  constructor(parent, colorBy) {
    this.label = make("label", "colors", parent, { textContent: "Colour by" });
    this.select = make("select", "color-by", this.label, { onchange: () => colorBy(this.select.value) });
    this.node = make("div", "legend", parent);
  }

  show(columns, column, light, choose) { // of a class, hover: only it stays bright; click: choose it
    this.label.hidden = !column;
    this.select.replaceChildren(...columns.map(({ name }) => make("option", "", null, { value: name, textContent: name })));
    this.select.value = column?.name ?? "";
    this.node.replaceChildren();
    column?.members.forEach((rows, k) => {
      const events = { onclick: () => choose(rows), ...pointed(() => light(rows), () => light(null)) };
      make("i", "", make("button", "chip", this.node, events)).style.background = column.colorOf(k);
      this.node.lastChild.append(column.names[k]);
    });
    if (!column || column.names) return;
    make("div", "scale", this.node).style.background = `linear-gradient(90deg, ${CIVIDIS})`;
    for (const end of [column.low, column.high]) make("span", "", this.node, { textContent: number(end) });
  }
}

class Gallery { // the chosen samples side by side, above them the share of each class
  constructor(parent, hover, choose) {
    for (const name of ["chosen", "shares", "gallery"]) this[name] = make("div", name, parent);
    Object.assign(this, { hover, choose });
  }

  show(samples, rows, title, rest, column, color) {
    this.chosen.textContent = rows.length ? "" : HELP;
    if (rows.length) {
      make("b", "", make("span", "", this.chosen), { textContent: title });
      this.chosen.lastChild.append(rest);
      make("button", "clear", this.chosen, { textContent: "Clear", onclick: () => this.choose([]) });
    }
    this.gallery.replaceChildren();
    this.showShares(rows, column);
    rows.slice(0, GALLERY).forEach(i => this.addItem(samples, i, column, color[i]));
  }

  showShares(rows, column) {
    const counts = new Map(), { shares } = this;
    if (column?.names) rows.forEach(i => counts.set(column.numbers[i], (counts.get(column.numbers[i]) ?? 0) + 1));
    const sorted = [...counts].sort((a, b) => b[1] - a[1]);
    const title = sorted.map(([k, n]) => `${column.wordOf(k)}: ${n}`).join(", ");
    Object.assign(shares, { hidden: !sorted.length, role: "img", title, ariaLabel: title });
    shares.replaceChildren();
    for (const [k, n] of sorted) Object.assign(make("i", "", shares).style, { flex: n, background: column.colorOf(k) });
  }

  addItem(samples, i, column, borderColor) {
    const title = `row ${i}${column ? `, ${column.name} ${column.word(i)}` : ""}`, name = `item sslb-${samples.kind}`;
    const events = { onclick: () => this.choose([i]), ...pointed(() => this.hover(i), () => this.hover(-1)) };
    const item = make("button", name, this.gallery, { title, ...events });
    item.style.borderColor = borderColor;
    item.dataset.row = i;
    samples.show(item, i, samples.kind === "line" ? 66 : 48);
  }
}

class View {
  constructor(model, el, kept) {
    const { zoom = 1, pan = [0, 0] } = kept;
    this.model = model;
    this.build(el, kept);
    const follow = { latest: () => this.addFrame(), frame: () => this.showFrame(), color_by: () => this.recolor(),
                     selected: () => this.showSelected(), play: () => this.playOnce() };
    for (const name of ["count", "sprite", "lines", "columns", "frames"]) follow[name] = () => this.reloadOnce();
    this.events = Object.entries(follow).map(([name, f]) => [`change:${name}`, f]);
    this.events.forEach(([event, f]) => model.on(event, f));
    this.theme = new MutationObserver(() => this.recolor());
    this.theme.observe(document.body, { attributeFilter: ["data-jp-theme-name", "class"] });
    this.kept = kept;
    this.width = new ResizeObserver(() => this.fit());
    this.width.observe(this.root);
    this.guardKeys();
    this.reload();
    this.chart.setZoom(zoom, pan);
    this.playOnce();
  }

  build(el, kept) {
    const choose = rows => this.write("selected", rows.filter(i => i >= 0)), hover = i => this.hover(i);
    this.root = make("div", "explorer", el);
    this.root.dataset.lmSuppressShortcuts = "true"; // JupyterLab leaves the arrow keys to us
    const columns = make("div", "columns", this.root);
    const left = make("div", "left", columns), right = make("div", "right", columns), stage = make("div", "stage", left);
    Object.assign(stage.style, { width: `${WIDTH + 2}px`, height: `${HEIGHT + 2}px` });
    this.stage = stage;
    this.chart = new Chart(stage, kept);
    this.hint = make("div", "hint", stage, { textContent: "The map appears here when it is ready." });
    this.card = new Card(stage);
    this.buildZoom(make("div", "zoom", stage));
    this.timeline = new Timeline(left, index => this.write("frame", index < this.frames.length - 1 ? index : -1));
    this.legend = new Legend(right, name => this.write("color_by", name));
    this.gallery = new Gallery(right, hover, choose);
    this.summary = make("p", "summary", this.root, { ariaLive: "polite" });
    this.gestures = new Gestures(this.chart, hover, choose);
    this.choose = choose;
  }

  // JupyterLab takes every key of a notebook for a command unless the focused element itself says otherwise: an
  // "x" in a menu of the bench around this map would cut the bench's cell.
  guardKeys(tries = 40) {
    const bench = this.root.closest(".sslb-root");
    if (!bench) return void (tries && setTimeout(() => this.guardKeys(tries - 1), 250));
    const mark = () => bench.querySelectorAll("select, button, input, [tabindex]")
      .forEach(node => { node.dataset.lmSuppressShortcuts = "true"; });
    mark();
    this.keys = new MutationObserver(mark);
    this.keys.observe(bench, { childList: true, subtree: true });
  }

  buildZoom(parent) {
    const button = (textContent, ariaLabel, onclick) =>
      make("button", "", parent, { textContent, ariaLabel, title: ariaLabel, onclick });
    button("+", "Zoom in", () => this.chart.zoomBy(1.6));
    button("−", "Zoom out", () => this.chart.zoomBy(1 / 1.6));
    button("Reset", "Show the whole map (double-click)", () => this.chart.setZoom(1, [0, 0]));
  }

  remove() {
    this.events.forEach(([event, f]) => this.model.off(event, f));
    this.theme.disconnect();
    this.width.disconnect();
    this.sight?.disconnect();
    this.keys?.disconnect();
    this.timeline.stop();
    cancelAnimationFrame(this.chart.request);
  }

  write(name, value) { this.model.set(name, value); this.model.save_changes(); }

  reloadOnce() { // several traits change together; the last of them counts
    if (!this.stale) queueMicrotask(() => { this.stale = false; this.reload(); });
    this.stale = true;
  }

  reload() {
    this.samples = new Samples(this.model);
    this.frames = this.model.get("frames").map(readFrame);
    this.shown = -1;
    this.root.dataset.points = this.samples.count;
    this.chart.setPoints(this.samples);
    this.hover(-1);
    this.showFrame();
    this.recolor();
    this.samples.load().then(() => this.showSelected());
  }

  addFrame() {
    const { index, count = index + 1 } = this.model.get("latest");
    if (index === undefined || this.stale) return;
    if (this.frames.length === count) return; // it was read with the others
    this.frames.splice(index, 0, readFrame(this.model.get("frames")[index]));
    if (index <= this.shown) this.shown += 1; // the same frame has another place now
    this.showFrame();
  }

  playOnce() { // as soon as the map is in sight
    const wanted = this.model.get("play"), { kept } = this;
    if (!wanted || kept.played === wanted || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.sight?.disconnect();
    this.sight = new IntersectionObserver(([seen]) => {
      if (!seen.isIntersecting || kept.played === wanted || this.frames.length < 2) return;
      kept.played = wanted;
      this.sight.disconnect();
      if (!this.timeline.timer) this.timeline.toggle();
    }, { threshold: 0.4 });
    this.sight.observe(this.chart.canvas);
  }

  fit() { // a narrow page shows the whole map smaller
    const scale = Math.min(1, (this.root.clientWidth - 8) / (WIDTH + 2));
    if (scale <= 0) return; // not in sight
    const less = side => `${Math.round((scale - 1) * side)}px`;
    Object.assign(this.stage.style, { transform: `scale(${scale})`, marginRight: less(WIDTH + 2), marginBottom: less(HEIGHT + 2) });
  }

  showFrame() { // the one that the model names; -1 is the newest
    const last = this.frames.length - 1, named = this.model.get("frame"), index = named < 0 ? last : Math.min(named, last);
    const frame = this.frames[index], moved = index !== this.shown;
    this.shown = index;
    this.hint.hidden = last >= 0;
    this.timeline.show(index, last, frame);
    Object.assign(this.root.dataset, { frame: index, frames: last + 1, step: frame?.step ?? "" });
    this.summary.textContent = frame?.summary ?? "";
    this.chart.overlay.ariaLabel = `${frame?.summary ?? "Empty map."} ${KEYS}`;
    if (!frame || !moved) return;
    this.chart.setFrame(frame, this.frames.slice(0, index));
    if (this.chart.picked) this.showSelected(); // its neighbours are others now
  }

  recolor() {
    const { columns } = this.samples, column = columns.find(c => c.name === this.model.get("color_by")) ?? columns[0];
    this.root.dataset.colorBy = column?.name ?? "";
    this.chart.setColors(column);
    this.legend.show(columns, column, rows => this.light(rows), this.choose);
    this.showSelected();
  }

  showSelected() {
    const { chart, samples } = this, selected = this.model.get("selected").filter(i => i < samples.count);
    const frame = this.frames[this.shown], row = selected[0], n = selected.length;
    chart.picked = n === 1 && frame ? { row, near: nearestRows(frame, samples.count, row) } : null;
    this.rows = chart.picked ? [row, ...chart.picked.near] : selected;
    this.root.dataset.selected = n;
    this.light(null);
    const where = frame?.near.length ? "in the embedding" : "on the map";
    const more = n > GALLERY ? ` (the first ${GALLERY} shown)` : "";
    const words = chart.picked ? [`Row ${row}`, ` and its nearest ${where}`] : [`${n} chosen`, more];
    this.gallery.show(samples, this.rows, ...words, chart.column, chart.color);
  }

  light(rows) { // which points stay bright: these, else the chosen ones, else all
    const bright = new Set(rows ?? this.rows);
    this.chart.lit = bright.size ? range(this.samples.count).map(i => bright.has(i)) : null;
    this.chart.schedule();
  }

  hover(i) {
    const { chart, card, samples } = this;
    this.root.dataset.hover = i < 0 ? "" : i;
    if (i < 0) card.node.hidden = true;
    else if (i !== chart.hovered) card.show(samples, i, chart.column, ...chart.place(i));
    chart.hovered = i;
    chart.drawOverlay();
  }
}

// A page that is loaded again shows what its file says: a still picture where the bench was displayed after the last
// save, or where other cells of the notebook were never trusted. The widget lives on in the kernel, so it takes its place.
const VIEW = "application/vnd.jupyter.widget-view+json";

async function comeBack(home, manager) {
  await manager.context.ready;
  await new Promise((done) => setTimeout(done, 1500)); // where the file is right the notebook shows it by itself
  const cells = Array.from(manager.context.model.cells).filter((cell) => cell.type === "code");
  const outputs = (cell) => Array.from({ length: cell.outputs.length }, (_, i) => cell.outputs.get(i));
  const modelOf = (output) => output.data[VIEW]?.model_id;
  if (cells.some((cell) => outputs(cell).some((output) => output.trusted && modelOf(output) === home.model))) return;
  const left = (output) => String(output.data["text/plain"] ?? "").startsWith(`${home.called}(`)
    && !(output.trusted && manager.has_model(modelOf(output) ?? ""));
  const place = cells.find((cell) => outputs(cell).some(left))
    ?? cells.find((cell) => cell.sharedModel.source.includes(`${home.called}(`));
  if (!place) return;
  const data = { ...outputs(place).find(left)?.data, [VIEW]: { version_major: 2, version_minor: 0, model_id: home.model } };
  place.outputs.clear(); // what else stands there is not trusted with it
  place.outputs.trusted = true;
  place.outputs.add({ output_type: "display_data", data, metadata: {} });
}

export default () => {
  const kept = {}; // an output is drawn anew when a run ends: nobody should lose the place that was zoomed into
  return {
    initialize({ model }) { // a new frame arrives alone; keep it with the others, also while nothing is displayed
      model.on("change:latest", () => {
        const { index, count = index + 1, ...frame } = model.get("latest"), frames = model.get("frames");
        if (index !== undefined && frames.length < count) frames.splice(index, 0, frame);
      });
      const tell = () => { if (model.get("dark") !== darkPage()) { model.set("dark", darkPage()); model.save_changes(); } };
      const theme = new MutationObserver(tell);
      theme.observe(document.body, { attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"] });
      tell();
      const home = model.get("home"), manager = model.widget_manager;
      if (home.model && manager?.context?.model?.cells) comeBack(home, manager).catch((error) => console.warn(error));
      return () => theme.disconnect();
    },
    render({ model, el }) {
      const view = new View(model, el, kept);
      return () => view.remove();
    },
  };
};
