// Makes the page instant; everything works without it. Completions, results while typing, and keys.
"use strict";
(() => {
  const body = document.body, root = body.dataset.root;
  const form = document.getElementById("search"), box = document.getElementById("query");
  const list = document.getElementById("completions");
  document.documentElement.classList.add("js");

  // What the form asks for, without what is left empty.
  const target = () => {
    const pairs = [...new FormData(form)].filter(([name, value]) => value && !(name === "sort" && value === "relevance"));
    const text = new URLSearchParams(pairs).toString();
    return root + (text ? "?" + text : "");
  };

  // Results, in place. The last question wins.
  const here = () => location.pathname + location.search;
  let asking = null, shown = here(), draft = "";
  const show = async (address, {how}) => {
    if (!document.getElementById("results")) { location.assign(address); return; }
    if (asking) asking.abort();
    const mine = asking = new AbortController();
    try {
      const answer = await fetch(address, {signal: mine.signal, headers: {Accept: "text/html"}});
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine.signal.aborted) return;
      const results = page.getElementById("results");
      if (!results) { if (how !== "type") location.assign(address); return; }
      const focused = document.activeElement, where = focused && focused.name && [focused.name, focused.value];
      document.getElementById("results").replaceWith(results);
      const open = document.querySelector(".narrow").open;
      document.getElementById("side").replaceWith(page.getElementById("side"));
      document.querySelector(".narrow").open = open;
      if (where && focused !== box) {
        const same = [...document.getElementsByName(where[0])].find(e => e.type !== "checkbox" || e.value === where[1]);
        if (same) same.focus();
      }
      document.title = page.title;
      const feeds = page.querySelectorAll("link[rel=alternate]");
      document.querySelectorAll("link[rel=alternate]").forEach((link, at) => { link.href = feeds[at].href; });
      // What is being typed is one entry of the history, which does not take the place of the page before it.
      const isDraft = how !== "change" && draft === here();
      if (address !== here()) history[isDraft ? "replaceState" : "pushState"]({}, "", address);
      if (how !== "type") draft = "";
      else if (address !== shown) draft = address;
      shown = address;
      document.getElementById("status").textContent = results.querySelector("h1").textContent;
    } catch (error) {
      if (error.name !== "AbortError" && how !== "type") location.assign(address);
    }
  };
  // A link to a part of the page changes the history, too.
  addEventListener("popstate", () => { if (here() !== shown) location.reload(); });

  let later = 0;
  box.addEventListener("input", () => {
    clearTimeout(later);
    later = setTimeout(() => { complete(); if (document.getElementById("results")) show(target(), {how: "type"}); }, 120);
  });
  box.addEventListener("focus", () => { draft = ""; });
  form.addEventListener("submit", event => {
    event.preventDefault();
    clearTimeout(later);
    close();
    show(target(), {how: "submit"});
  });
  document.addEventListener("change", event => {
    if (event.target.form === form && event.target !== box) show(target(), {how: "change"});
  });

  // Completions: a combobox with a listbox.
  let chosen = -1, typed = "";
  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", "completions");
  box.setAttribute("aria-expanded", "false");
  const close = () => {
    list.hidden = true;
    chosen = -1;
    typed = "";
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };
  const complete = async () => {
    typed = box.value;
    if (!typed.trim()) { close(); return; }
    const asked = typed;
    try {
      const answer = await fetch(root + "api/v1/complete?" + new URLSearchParams({text: asked, limit: 8}));
      if (!answer.ok) return;
      const found = (await answer.json()).completions.filter(one => one.text !== asked);
      // Nobody waits for them any more once the search has been sent.
      if (typed !== asked || box.value !== asked) return;
      if (document.activeElement !== box || !found.length) { close(); return; }
      list.replaceChildren(...found.map((one, number) => {
        const item = document.createElement("li"), count = document.createElement("span");
        item.id = "completion" + number;
        item.dir = "auto";
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.dataset.text = one.text;
        item.append(one.text);
        if (one.articles !== null) { count.textContent = one.articles.toLocaleString("en"); item.append(count); }
        return item;
      }));
      chosen = -1;
      box.removeAttribute("aria-activedescendant");
      list.hidden = false;
      box.setAttribute("aria-expanded", "true");
    } catch { close(); }
  };
  const choose = number => {
    const items = [...list.children];
    chosen = (number + items.length + 1) % (items.length + 1);
    if (chosen === items.length) chosen = -1;
    items.forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    box.value = chosen < 0 ? typed : items[chosen].dataset.text;
    if (chosen < 0) box.removeAttribute("aria-activedescendant");
    else box.setAttribute("aria-activedescendant", items[chosen].id);
  };
  box.addEventListener("keydown", event => {
    if (list.hidden) return;
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen < 0 ? list.children.length - 1 : chosen - 1);
    else if (event.key === "Escape") { box.value = typed; close(); }
    else return;
    event.preventDefault();
  });
  list.addEventListener("mousedown", event => {
    const item = event.target.closest("li");
    if (!item) return;
    event.preventDefault();
    box.value = item.dataset.text;
    form.requestSubmit();
  });
  box.addEventListener("blur", close);

  // Keys. Who speaks to a computer can turn them off: a dictated word is many of them.
  const kept = value => {
    try {
      if (value) localStorage.setItem("newsearch-keys", value);
      return localStorage.getItem("newsearch-keys");
    } catch { return null; }
  };
  const keys = document.querySelector("#keys input");
  if (keys) {
    keys.closest("p").hidden = false;
    keys.checked = kept() !== "off";
    keys.addEventListener("change", () => kept(keys.checked ? "on" : "off"));
  }
  addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=checkbox]), select")) return;
    if (kept() === "off") return;
    const links = [...document.querySelectorAll(".hit h2 a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "/") { box.focus(); box.select(); }
    else if (event.key === "?") location.assign(body.dataset.help);
    else if (event.key === "j" && links.length) links[Math.min(at + 1, links.length - 1)].focus();
    else if (event.key === "k" && links.length) links[Math.max(at - 1, 0)].focus();
    else return;
    event.preventDefault();
  });

  // On a phone, what narrows the search stands aside until it is asked for, also by a link to a part of it.
  const phone = matchMedia("(max-width: 52rem)");
  const fold = () => {
    const narrow = document.querySelector(".narrow"), asked = document.getElementById(location.hash.slice(1));
    if (narrow) narrow.open = !phone.matches || narrow.contains(asked);
  };
  phone.addEventListener("change", fold);
  fold();
})();
