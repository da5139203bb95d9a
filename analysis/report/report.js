"use strict";

// Sorting: a cell's data-v is its number; others sort as text.
for (const head of document.querySelectorAll(".sortable th")) {
  head.addEventListener("click", () => {
    const body = head.closest("table").tBodies[0];
    const column = head.cellIndex;
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const value = (row) => {
      const cell = row.cells[column];
      if (!cell) return -Infinity;
      return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
    };
    const rows = [...body.rows].sort((a, b) => {
      const x = value(a), y = value(b);
      return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
    });
    body.append(...rows);
  });
}

// Block maps. What the objects are is loaded when a map is first pointed at.
const maps = new Map();
const hex = (n) => "0x" + n.toString(16).padStart(8, "0");
const count = (n) => Number(n).toLocaleString("en");

function fraglabMap(name, data) {
  const map = maps.get(name);
  data.byId = new Map(data.objects.map((o) => [String(o[0]), o]));
  data.from = new Map();
  data.to = new Map();
  for (const [from, word, to] of data.edges) {
    if (!data.to.has(String(from))) data.to.set(String(from), []);
    if (!data.from.has(String(to))) data.from.set(String(to), []);
    data.to.get(String(from)).push([to, word]);
    data.from.get(String(to)).push([from, word]);
  }
  map.data = data;
  if (map.last) show(map, map.last);
}

// The bytes that are an object's from its address on. Of one in pieces only
// the block that names it is known.
const extent = (data, o) => (data.pieces ? data.unit : Math.max(o[3], 1));

// Boxes around an object's units, one a row that it touches.
function outline(map, object) {
  const { cell, row, label, columns } = map;
  let unit = Math.floor((object[1] - map.data.base) / map.data.unit);
  let left = Math.max(1, Math.ceil(extent(map.data, object) / map.data.unit));
  let path = "";
  while (left > 0) {
    const here = Math.min(left, columns - (unit % columns));
    path += `M${label + (unit % columns) * cell} ${Math.floor(unit / columns) * row}h${here * cell - 1}v${row - 2}h-${here * cell - 1}z`;
    unit += here;
    left -= here;
  }
  return path;
}

// The object that covers an address: objects stand in order of address.
function find(data, address) {
  const { objects } = data;
  let low = 0, high = objects.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (objects[middle][1] <= address) low = middle + 1;
    else high = middle;
  }
  const o = objects[low - 1];
  return o && address < o[1] + extent(data, o) ? o : null;
}

function listed(links) {
  const names = links.slice(0, 8).map(([id, word]) => `${id} (word ${word})`);
  return names.join(", ") + (links.length > 8 ? ` and ${links.length - 8} more` : "");
}

function show(map, at) {
  map.last = at;
  const { data, tip, marks } = map;
  if (!data) return;
  const address = data.base + at * data.unit;
  const o = find(data, address);
  if (!o) {
    tip.textContent = `${hex(address)}: ${data.pieces ? "no block that names an object" : "no object"}.`;
    for (const mark of marks) mark.setAttribute("d", "");
    return;
  }
  const [id, start, asked, granted, born, site, dead, held] = o;
  const from = data.from.get(String(id)) || [];
  const to = data.to.get(String(id)) || [];
  const text = [
    `object ${id}${dead ? ", dead and not yet reclaimed" : ""}: ${count(asked)} bytes asked, ${count(granted)} granted at ${hex(start)}`,
    `born at operation ${count(born)}, ${count(data.seq - born)} operations ago${site ? `, site ${site}` : ""}${held ? ", held by registers or stack" : ""}`,
  ].join("; ") + ". ";
  tip.textContent = text;
  const add = (kind, word, links) => {
    const b = document.createElement("b");
    b.className = kind;
    b.textContent = word;
    tip.append(b, " " + (links.length ? listed(links) : "nothing") + ". ");
  };
  add("from", "Referred to by", from);
  add("to", "Refers to", to);
  const paths = (links) => links.slice(0, 500).map(([id]) => data.byId.get(String(id))).filter(Boolean)
    .map((other) => outline(map, other)).join("");
  marks[0].setAttribute("d", paths(from));
  marks[1].setAttribute("d", paths(to));
  marks[2].setAttribute("d", outline(map, o));
}

for (const box of document.querySelectorAll(".map")) {
  const svg = box.querySelector("svg");
  const map = {
    cell: Number(box.dataset.cell), row: Number(box.dataset.row),
    label: Number(box.dataset.label), columns: Number(box.dataset.columns),
    tip: box.querySelector(".tip"),
    marks: ["from", "to", "chosen"].map((name) => svg.querySelector("path." + name)),
  };
  maps.set(box.dataset.map, map);
  let asked = false, pinned = false;
  const point = (event) => {
    if (!asked) {
      asked = true;
      const script = document.createElement("script");
      script.src = "figures/" + box.dataset.map + ".js";
      script.onerror = () => { map.tip.textContent = "The objects of this moment are missing: " + script.src; };
      document.head.append(script);
    }
    const area = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / area.width;
    const column = Math.floor(((event.clientX - area.left) * scale - map.label) / map.cell);
    const row = Math.floor(((event.clientY - area.top) * scale) / map.row);
    if (column < 0 || column >= map.columns || row < 0) return;
    show(map, row * map.columns + column);
  };
  svg.addEventListener("pointermove", (event) => { if (!pinned) point(event); });
  svg.addEventListener("click", (event) => { pinned = !pinned; point(event); });
}
