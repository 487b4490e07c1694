"use strict";
// The desk without its page being loaded anew, and with keys. Everything works
// without this.
(() => {
  const main = () => document.querySelector("main");
  const threads = () => [...document.querySelectorAll(".deskthread")];
  let current = "";

  // put shows what the server answered in place of the page's content.
  function put(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const fresh = page.querySelector("main");
    if (!fresh) return false;
    main().replaceWith(document.adoptNode(fresh));
    document.title = page.title;
    prepare();
    return true;
  }

  function prepare() {
    const keys = document.getElementById("keys");
    if (!keys) return;
    keys.hidden = false;
    const on = document.getElementById("keys-on");
    on.checked = localStorage.getItem("sigpost-keys") !== "off";
    on.addEventListener("change", () => localStorage.setItem("sigpost-keys", on.checked ? "on" : "off"));
  }

  function look(id) {
    const thread = id && document.getElementById(id);
    if (!thread) return;
    current = id;
    thread.focus({preventScroll: true});
    thread.scrollIntoView({block: "nearest"});
  }

  function say(words) {
    let status = document.getElementById("script-says");
    if (!status) {
      status = document.createElement("p");
      status.id = "script-says";
      status.className = "problem";
      status.setAttribute("role", "alert");
      main().prepend(status);
    }
    status.textContent = words;
  }

  document.addEventListener("submit", async event => {
    const form = event.target;
    if (!("act" in form.dataset)) return;
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    const fields = new URLSearchParams(new FormData(form));
    const button = event.submitter;
    if (button && button.name) fields.set(button.name, button.value);
    let to = fields.get("thread") ? "t" + fields.get("thread") : current;
    if (fields.get("do") === "drop" && fields.get("next")) to = "t" + fields.get("next");
    try {
      const answer = await fetch(form.getAttribute("action"), {method: "POST", body: fields});
      if (answer.status === 401) say("You are signed out, so nothing was done. Sign in in another window, and then do it again here: what you typed is still here.");
      else if (answer.status === 429 || answer.status >= 500) say("The server cannot do it just now. What you typed is still here: try again in a minute.");
      else if (put(await answer.text())) look(to);
      else throw new Error("no page");
    } catch {
      say("The server did not answer, so it is not certain what was done. What you typed is still here: look at the draft in another window before you try again.");
    }
    delete form.dataset.busy;
  });

  // step goes to the next thread, or the one before.
  function step(by) {
    const all = threads();
    const at = all.findIndex(t => t.id === current);
    const to = all[Math.min(Math.max(at < 0 ? 0 : at + by, 0), all.length - 1)];
    if (to) look(to.id);
  }

  document.addEventListener("focusin", event => {
    const thread = event.target.closest(".deskthread");
    if (thread) current = thread.id;
  });

  document.addEventListener("keydown", event => {
    const on = document.getElementById("keys-on");
    if (!on || !on.checked || event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, textarea, select")) return;
    const key = event.key;
    const thread = document.getElementById(current);
    const named = name => thread && thread.querySelector(`[data-key="${name}"]`);
    if (key === "j") step(1);
    else if (key === "k") step(-1);
    else if (key === "z") document.querySelector('[data-key="z"]')?.click();
    else if (["p", "d", "J", "K"].includes(key)) named(key)?.click();
    else if ((key === "e" || key === "m") && named("e")) {
      const details = named("e").closest("details");
      details.open = true;
      details.querySelector(key === "m" ? '[data-key="m"]' : "[name=headline]").focus();
    } else return;
    event.preventDefault();
  });

  // A time that is given is meant.
  document.addEventListener("input", event => {
    if (event.target.id !== "at" || !event.target.value) return;
    const later = event.target.form?.querySelector('[name="when"][value="later"]');
    if (later) later.checked = true;
  });

  // What shows how sending goes is asked for again, for as long as somebody looks.
  async function refresh() {
    const live = document.getElementById("live");
    if (!live || !live.dataset.refresh) return;
    if (document.hidden) return void setTimeout(refresh, 2000);
    try {
      const answer = await fetch(location.href);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
      if (answer.ok && fresh) {
        const ended = !fresh.dataset.refresh;
        live.replaceWith(document.adoptNode(fresh));
        if (ended) return void location.reload();
      }
    } catch {
      // The server is away: ask again later.
    }
    setTimeout(refresh, 5000);
  }

  prepare();
  setTimeout(refresh, 5000);
})();
