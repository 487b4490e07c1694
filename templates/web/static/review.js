// The desk for reviewers by keys. Everything is a form or a link without it.
"use strict";
(() => {
  const one = (selector) => document.querySelector(selector);
  const rows = [...document.querySelectorAll("#decide li[data-tag], #sample li[data-tag]")];
  const keys = one("#keys");

  // The chosen tag is the one that has the focus.
  const chosen = () => rows.find((row) => row.contains(document.activeElement)) || rows.find((row) => "open" in row.dataset);
  const choose = (step) => {
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    rows[Math.min(Math.max(at + step, 0), rows.length - 1)].focus();
  };
  const press = (element) => { if (element) element.click(); };
  const decide = (name) => press(chosen()?.querySelector(`button[name=${name}], button[name=verdict][value=${name}]`));
  const acts = {
    a: () => decide("accept"),
    r: () => decide("reject"),
    j: () => choose(1),
    k: () => choose(-1),
    t: () => one("#add")?.focus(),
    d: () => press(one("[data-key=done]")),
    u: () => press(one("[data-key=undo]")),
    n: () => press(one("[data-key=next]") || one("#queue a")),
    p: () => press(one("[data-key=previous]")),
    "?": () => keys?.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat || keys?.open) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  const hint = one("#keyhint");
  if (hint) hint.hidden = false;

  // Whoever comes here by a key goes on from the first tag in question, and hears
  // what was done.
  if (rows.length) (rows.find((row) => "open" in row.dataset) || rows[0]).focus({ preventScroll: true });
  const said = one("#said");
  if (said && said.firstChild && said.firstChild.nodeType === Node.TEXT_NODE) {
    const words = said.firstChild.data;
    said.firstChild.data = "";
    setTimeout(() => { said.firstChild.data = words; }, 50);
  }

  // Counts follow what others do.
  const counts = [...document.querySelectorAll("[data-count]")];
  const count = async () => {
    if (document.hidden || !counts.length) return;
    try {
      const answer = await fetch("/review/counts" + location.search);
      if (!answer.ok) return;
      const now = await answer.json();
      for (const c of counts) if (c.dataset.count in now) c.textContent = now[c.dataset.count];
    } catch { /* the next one */ }
  };
  setInterval(count, 15000);
  document.addEventListener("visibilitychange", count);

  // Adding a tag: a list that narrows while one types (ARIA's combobox).
  const add = one("#add");
  if (!add) return;
  const list = document.createElement("ul");
  list.id = "found-tags";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Tags");
  list.hidden = true;
  add.removeAttribute("list");
  add.parentNode.classList.add("finder");
  add.parentNode.after(list);
  const holder = document.createElement("span");
  holder.className = "finder";
  add.parentNode.before(holder);
  holder.append(add.parentNode, list);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false" })) add.setAttribute(name, value);
  let at = -1;
  let asked = 0;
  const show = (found) => {
    list.replaceChildren(...found.map((tag, i) => {
      const item = document.createElement("li");
      item.setAttribute("role", "option");
      item.id = "found-" + i;
      item.textContent = tag.title + " (" + tag.tag + ")";
      item.dataset.tag = tag.tag;
      item.addEventListener("mousedown", (event) => { event.preventDefault(); take(tag.tag); });
      return item;
    }));
    select(found.length ? 0 : -1);
  };
  const select = (i) => {
    at = i;
    list.hidden = !list.children.length;
    add.setAttribute("aria-expanded", String(!list.hidden));
    [...list.children].forEach((item, n) => item.setAttribute("aria-selected", String(n === at)));
    if (at >= 0) add.setAttribute("aria-activedescendant", "found-" + at);
    else add.removeAttribute("aria-activedescendant");
  };
  const take = (tag) => { add.value = tag; show([]); add.form.requestSubmit(); };
  add.addEventListener("input", async () => {
    const mine = ++asked;
    show([]); // who types fast is ahead of the answers: Enter takes none of an older one
    if (!add.value.trim()) return;
    try {
      const answer = await fetch("/review/tags?q=" + encodeURIComponent(add.value));
      if (answer.ok && mine === asked) {
        const found = await answer.json();
        if (mine === asked) show(found);
      }
    } catch { /* it can be typed in full */ }
  });
  add.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const n = list.children.length;
      select((at + (event.key === "ArrowDown" ? 1 : n - 1)) % n);
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      take(list.children[at].dataset.tag);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      show([]);
    }
  });
  add.addEventListener("blur", () => { asked++; show([]); });
})();
