"use strict";
// Tables that sort by the heading clicked: numbers as numbers, missing values last, a third click restores the order.
(() => {
  const collator = new Intl.Collator("en", {numeric: true, sensitivity: "base"});
  const NUMBER = /^(?:[A-Z]{3} )?([\u2212+-]?\d[\d,]*(?:\.\d+)?)(?: ?(k|m|bn|%))?(?![\w-])/;
  const SCALE = {k: 1e3, m: 1e6, bn: 1e9};
  const MISSING = /^[\u2013\u2014-]?$/;

  const amount = text => {
    const found = NUMBER.exec(text);
    return found ? Number(found[1].replace("\u2212", "-").replace(/,/g, "")) * (SCALE[found[2]] || 1) : NaN;
  };

  const order = (rows, column) => {
    const texts = new Map(rows.map(row => [row, row.cells[column].textContent.trim()]));
    const there = rows.filter(row => !MISSING.test(texts.get(row)));
    const numbers = new Map(there.map(row => [row, amount(texts.get(row))]));
    const numeric = there.every(row => !Number.isNaN(numbers.get(row)));
    const compare = numeric
      ? (a, b) => numbers.get(a) - numbers.get(b)
      : (a, b) => collator.compare(texts.get(a), texts.get(b));
    return {numeric, compare, there, missing: rows.filter(row => MISSING.test(texts.get(row)))};
  };

  const sort = (table, heads, given, column) => {
    const {numeric, compare, there, missing} = order(given, column);
    const steps = numeric ? ["descending", "ascending", null] : ["ascending", "descending", null];
    const next = steps[(steps.indexOf(heads[column].getAttribute("aria-sort")) + 1) % 3];
    heads.forEach(head => head.removeAttribute("aria-sort"));
    const sign = next === "descending" ? -1 : 1;
    const rows = next ? [...there.sort((a, b) => sign * compare(a, b)), ...missing] : given;
    if (next) heads[column].setAttribute("aria-sort", next);
    table.tBodies[0].append(...rows);
  };

  for (const table of document.querySelectorAll("table")) {
    const heads = table.tHead && table.tHead.rows.length === 1 ? [...table.tHead.rows[0].cells] : [];
    const given = table.tBodies.length === 1 ? [...table.tBodies[0].rows] : [];
    const plain = row => row.cells.length === heads.length && [...row.cells].every(c => c.colSpan * c.rowSpan === 1);
    if (given.length < 2 || !heads.length || !given.every(plain)) continue;
    heads.forEach((head, column) => {
      if (!head.textContent.trim()) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(table, heads, given, column));
      head.append(button);
    });
  }

  const frames = document.querySelectorAll(".table, figure");
  const phone = matchMedia("screen and (max-width: 40rem)");
  const opens = frame => phone.matches && frame.tagName === "FIGURE";
  const reach = () => frames.forEach(frame => {
    if (opens(frame) || frame.scrollWidth > frame.clientWidth) frame.tabIndex = 0;
    else frame.removeAttribute("tabindex");
  });
  addEventListener("resize", reach);
  reach();
})();
