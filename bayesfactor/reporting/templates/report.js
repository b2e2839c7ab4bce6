"use strict";
const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
const whole = (table) => { for (const body of table.tBodies) body.hidden = false; };
for (const table of all("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") !== "descending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const numbers = head.classList.contains("number");
    const key = (row) => numbers ? parseFloat(row.cells[column].dataset.v) : row.cells[column].textContent.trim();
    const keyed = [...table.tBodies].flatMap((body) => [...body.rows]).map((row) => [key(row), row]);
    keyed.sort(([a], [b]) => {
      if (numbers) {
        if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
        return down ? b - a : a - b;
      }
      return down ? b.localeCompare(a) : a.localeCompare(b);
    });
    const size = table.tBodies[0].rows.length;
    [...table.tBodies].forEach((body, i) => body.append(...keyed.slice(i * size, (i + 1) * size).map(([, row]) => row)));
  }));
}
const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    const next = target.parentElement.nextElementSibling;
    if (next) { next.hidden = false; near.observe(next.lastElementChild); }
  }
}, { rootMargin: "600px" });
for (const body of all("tbody[hidden]")) if (!body.previousElementSibling.hidden) near.observe(body.previousElementSibling.lastElementChild);
for (const input of all("input[data-table]")) {
  const table = document.getElementById(input.dataset.table), count = document.getElementById(input.dataset.table + "-count");
  let rows = null, texts;
  input.addEventListener("input", () => {
    if (!rows) {
      whole(table);
      rows = [...table.tBodies].flatMap((body) => [...body.rows]);
      texts = rows.map((row) => all("th, td:not([data-v])", row).map((c) => c.textContent).join(" ").toLowerCase());
    }
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    rows.forEach((row, i) => { row.hidden = !texts[i].includes(wanted); shown += !row.hidden; });
    count.textContent = shown + " of " + rows.length + " rows";
  });
}
for (const box of all("input[data-more]")) {
  const table = document.getElementById(box.dataset.more);
  box.addEventListener("change", () => table.classList.toggle("open", box.checked));
}
for (const radio of all("input[data-columns]")) {
  const table = document.getElementById(radio.dataset.columns), last = Math.min(radio.value, 4);
  const show = () => { table.classList.remove("p0", "p1", "p2", "p3", "p4"); table.classList.add("p" + last); };
  radio.addEventListener("change", show);
  if (radio.checked) show();
}
for (const one of all(".switch")) one.addEventListener("change", (event) => {
  if (event.target.type !== "radio") return;
  const chosen = all("fieldset input:checked", one).map((input) => input.value);
  for (const option of all(":scope > .option", one)) {
    const names = JSON.parse(option.dataset.choice);
    option.hidden = !chosen.every((name) => names.includes(name));
  }
});
const reveal = () => {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  target.scrollIntoView();
};
addEventListener("hashchange", reveal);
reveal();
const links = new Map(all("nav a").map((link) => [link.hash.slice(1), link]));
const contents = document.getElementById("contents");
contents.hidden = false;
contents.addEventListener("click", () => contents.setAttribute("aria-expanded", String(contents.getAttribute("aria-expanded") !== "true")));
for (const link of links.values()) link.addEventListener("click", () => contents.setAttribute("aria-expanded", "false"));
const follow = () => {
  const line = innerHeight / 3, parts = all("main section");
  const end = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
  const here = end ? parts.at(-1) : parts.findLast((part) => part.getBoundingClientRect().top <= line) ?? parts[0];
  for (const [id, link] of links) id === here.id ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
};
let asked = 0;
addEventListener("scroll", () => { cancelAnimationFrame(asked); asked = requestAnimationFrame(follow); }, { passive: true });
follow();
let closed = [];
addEventListener("beforeprint", () => {
  closed = all("details:not([open])");
  for (const fold of closed) fold.open = true;
});
addEventListener("afterprint", () => { for (const fold of closed) fold.open = false; });
const theme = document.getElementById("theme");
theme.hidden = false;
theme.setAttribute("aria-pressed", String(matchMedia("(prefers-color-scheme: dark)").matches));
theme.addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  theme.setAttribute("aria-pressed", String(!dark));
});
