"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") !== "descending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const numbers = head.classList.contains("number");
    const key = (row) => numbers ? parseFloat(row.cells[column].dataset.v) : row.cells[column].textContent.trim();
    const keyed = [...body.rows].map((row) => [key(row), row]);
    keyed.sort(([a], [b]) => {
      if (numbers) {
        if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
        return down ? b - a : a - b;
      }
      return down ? b.localeCompare(a) : a.localeCompare(b);
    });
    body.append(...keyed.map(([, row]) => row));
  }));
}
for (const input of document.querySelectorAll("input[data-table]")) {
  const rows = [...document.getElementById(input.dataset.table).tBodies[0].rows];
  const texts = rows.map((row) => [...row.querySelectorAll("th, td:not([data-v])")].map((c) => c.textContent).join(" ").toLowerCase());
  const count = document.getElementById(input.dataset.table + "-count");
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    rows.forEach((row, i) => { row.hidden = !texts[i].includes(wanted); shown += !row.hidden; });
    count.textContent = shown + " of " + rows.length + " rows";
  });
}
for (const box of document.querySelectorAll("input[data-more]")) {
  const table = document.getElementById(box.dataset.more);
  box.addEventListener("change", () => table.classList.toggle("open", box.checked));
}
const theme = document.getElementById("theme");
theme.hidden = false;
theme.setAttribute("aria-pressed", String(matchMedia("(prefers-color-scheme: dark)").matches));
theme.addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  theme.setAttribute("aria-pressed", String(!dark));
});
