"use strict";
{
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);
  const said = (item) => {
    const title = item.querySelector("title");
    if (title) { // the browser would show it a second time
      item.setAttribute("aria-label", title.textContent);
      title.remove();
    }
    return item.getAttribute("aria-label");
  };
  const show = (item) => {
    tip.textContent = said(item);
    tip.hidden = false;
    const mark = item.querySelector("circle:not(.h), rect:not(.h), line:not(.h)") || item;
    const at = mark.getBoundingClientRect(), size = tip.getBoundingClientRect(), room = document.documentElement.clientWidth;
    const left = Math.min(Math.max(at.left + at.width / 2 - size.width / 2, 4), room - size.width - 4);
    const top = at.top > size.height + 12 ? at.top - size.height - 8 : at.bottom + 8;
    tip.style.left = left + scrollX + "px";
    tip.style.top = top + scrollY + "px";
  };
  const hide = () => { tip.hidden = true; };
  for (const plot of document.querySelectorAll("svg.plot")) {
    const items = () => [...plot.querySelectorAll(".i")];
    items().forEach((item, i) => item.setAttribute("tabindex", i ? -1 : 0)); // one stop for the keyboard
    for (const [event, act] of [["pointerover", show], ["focusin", show]]) {
      plot.addEventListener(event, (found) => { const item = found.target.closest(".i"); if (item) act(item); });
    }
    plot.addEventListener("pointerout", hide);
    plot.addEventListener("focusout", hide);
    plot.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      const item = event.target.closest(".i");
      if (event.key === "Escape") hide();
      if (!step || !item) return;
      const all = items(), next = all[all.indexOf(item) + step];
      if (next) { item.setAttribute("tabindex", -1); next.setAttribute("tabindex", 0); next.focus(); }
      event.preventDefault();
    });
  }
}
