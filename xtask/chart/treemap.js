// Draws the items of a size report as a treemap: group, module, function. Everything that it needs is in the page.
"use strict";
(() => {
  const { items, before } = JSON.parse(document.getElementById("data").textContent);
  const map = document.getElementById("map");
  const path = document.getElementById("path");
  const detail = document.getElementById("detail");
  const search = document.getElementById("search");

  /** How many of the parts that a search finds are named. */
  const NAMED = 5;

  const number = (bytes) => bytes.toLocaleString("en-US") + " B";
  const key = (item) => [item.section, item.group, item.module, item.name].join("\n");
  const old = before && new Map(before.map((item) => [key(item), item.bytes]));

  // The tree: items of one name in code and in data stand side by side.
  const tree = { name: "all", children: [] };
  const child = (parent, name) => {
    let found = parent.children.find((node) => node.name === name);
    if (!found) parent.children.push((found = { name, children: [] }));
    return found;
  };
  for (const item of items) {
    child(child(tree, item.group), item.module).children.push({
      name: item.name,
      section: item.section,
      bytes: item.bytes,
      change: old ? item.bytes - (old.get(key(item)) ?? 0) : 0,
    });
  }
  const root = d3.hierarchy(tree).sum((node) => node.bytes ?? 0).sort((a, b) => b.value - a.value);
  // Hues apart from one another, the same for a group at every zoom; the order is the groups' size.
  const hues = new Map(root.children.map((group, place) => [group.data.name, (210 + place * 137.5) % 360]));

  let shown = root;
  let wanted = "";

  const names = (node) => node.ancestors().reverse().slice(1).map((each) => each.data.name);
  const matches = (node) => names(node).join(" ").toLowerCase().includes(wanted);

  function describe(node) {
    const share = ((100 * node.value) / root.value).toFixed(2) + " %";
    const { section, change } = node.data;
    const changed = change ? `, ${change > 0 ? "+" : "-"}${number(Math.abs(change))} since` : "";
    detail.textContent = `${names(node).join(" › ") || "all"}: ${number(node.value)}, ${share}${section ? `, ${section}` : ""}${changed}`;
  }

  function trail() {
    path.replaceChildren();
    for (const node of shown.ancestors().reverse()) {
      if (path.childNodes.length > 0) path.append(" › ");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = node === root ? `all, ${number(root.value)}` : node.data.name;
      button.addEventListener("click", () => zoom(node));
      path.append(button);
    }
  }

  function draw() {
    const { clientWidth: width, clientHeight: height } = map;
    const layout = d3.treemap().size([width, height]).round(true).paddingInner(1);
    layout.paddingOuter((node) => (node.children ? 2 : 0));
    layout.paddingTop((node) => (node.children ? 20 : 0));
    const top = layout(shown.copy());
    // On a phone functions show once somebody has come near to them.
    const deepest = shown.depth + (width < 600 ? 2 : 3);
    // copy() makes new nodes in the same order: pair them with their originals, which know all their ancestors.
    const originals = shown.descendants();
    map.replaceChildren();
    top.descendants().forEach((node, place) => {
      const original = originals[place];
      const [w, h] = [node.x1 - node.x0, node.y1 - node.y0];
      if (w < 4 || h < 4 || original.depth > deepest) return;
      const box = document.createElement("div");
      box.role = "button";
      box.tabIndex = 0;
      box.className = node.children ? "box inner" : "box";
      const hue = hues.get(names(original)[0]) ?? 0;
      const light = [92, 82, 88][original.depth] ?? 76 + 3 * (place % 2);
      box.style.cssText = `left:${node.x0}px;top:${node.y0}px;width:${w}px;height:${h}px;background:hsl(${hue} ${original.depth ? 58 : 8}% ${light}%)`;
      if (wanted && !(node.children ? original.leaves().some(matches) : matches(original))) box.classList.add("dim");
      const { change } = original.data;
      if (change) box.classList.add(change > 0 ? "grown" : "shrunk");
      if (w > 24 && h > 15) box.textContent = node.children ? `${original.data.name} ${number(original.value)}` : original.data.name;
      box.title = `${names(original).join(" › ")}: ${number(original.value)}`;
      box.addEventListener("pointerenter", () => describe(original));
      box.addEventListener("focus", () => describe(original));
      const enter = () => (original.children ? zoom(original === shown ? (shown.parent ?? root) : original) : describe(original));
      box.addEventListener("click", enter);
      box.addEventListener("keydown", (event) => event.key === "Enter" && enter());
      map.append(box);
    });
  }

  function zoom(node) {
    shown = node;
    trail();
    draw();
    describe(node);
  }

  function seek() {
    wanted = search.value.trim().toLowerCase();
    tell();
    // What is told may take room from the map.
    draw();
  }

  function tell() {
    if (!wanted) return describe(shown);
    const found = shown.leaves().filter(matches);
    const bytes = found.reduce((sum, leaf) => sum + leaf.value, 0);
    // On a phone there is no room for names in the map.
    const largest = found.sort((a, b) => b.value - a.value).slice(0, NAMED).map(({ data, value }) => `${data.name} ${number(value)}`);
    if (found.length > NAMED) largest.push("…");
    detail.textContent = `${found.length} found, ${number(bytes)}, ${((100 * bytes) / root.value).toFixed(2)} %${largest.map((each, place) => (place ? ", " : ": ") + each).join("")}`;
  }

  search.addEventListener("input", seek);
  addEventListener("resize", draw);
  zoom(root);
})();
