// Ctrl+K, Command+K or / opens a dialog that finds while somebody types; without it, the field in the header does the same.

const dialog = document.querySelector("[data-go]");
const PAUSE = 150;
const SWITCH = "single_keys";

// The choice is kept in a cookie of its own: signing out clears the browser's stores, and this is nobody's secret.
function singleKeys() {
  return !document.cookie.split("; ").includes(`${SWITCH}=off`);
}

function setSingleKeys(on) {
  const life = on ? 0 : 31536000;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${SWITCH}=off; path=/; max-age=${life}; samesite=strict${secure}`;
  document.documentElement.dataset.singleKeys = on ? "on" : "off";
}

document.documentElement.dataset.singleKeys = singleKeys() ? "on" : "off";

function part(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function watch() {
  const field = dialog.querySelector("[role=combobox]");
  const list = dialog.querySelector("[data-go-list]");
  const said = dialog.querySelector("[data-go-said]");
  const single = dialog.querySelector("[data-go-single]");
  let options = [];
  let at = -1;
  let shownFor = "";
  let waiting;

  const words = () => field.value.trim();
  const wholePage = () => `${dialog.dataset.goPage}?q=${encodeURIComponent(words())}`;

  function choose(index) {
    options[at]?.setAttribute("aria-selected", "false");
    at = index;
    const chosen = options[at];
    if (!chosen) {
      field.removeAttribute("aria-activedescendant");
      return;
    }
    chosen.setAttribute("aria-selected", "true");
    field.setAttribute("aria-activedescendant", chosen.id);
    chosen.scrollIntoView({ block: "nearest" });
  }

  function option(group, one, className) {
    const made = part("div", `go-dialog__option ${className}`);
    made.id = `go-option-${options.length}`;
    made.setAttribute("role", "option");
    made.setAttribute("aria-selected", "false");
    made.dataset.href = one.href;
    made.append(part("span", "go-dialog__what", one.title));
    if (one.where) made.append(" ", part("span", "go-dialog__where", one.where));
    group.append(made);
    options.push(made);
  }

  function show(groups) {
    list.replaceChildren();
    options = [];
    at = -1;
    for (const [number, each] of groups.entries()) {
      const group = part("div", "go-dialog__group");
      group.setAttribute("role", "group");
      const title = part("div", "go-dialog__noun", each.title);
      title.id = `go-noun-${number}`;
      title.setAttribute("role", "presentation");
      group.setAttribute("aria-labelledby", title.id);
      group.append(title);
      for (const hit of each.hits) option(group, hit, "");
      if (each.more) option(group, each.more, "go-dialog__more");
      list.append(group);
    }
    list.hidden = !options.length;
    field.setAttribute("aria-expanded", String(!list.hidden));
    choose(options.length ? 0 : -1);
  }

  function say(text) {
    if (said.textContent !== text) said.textContent = text;
  }

  async function ask() {
    const asked = words();
    if (!asked) {
      shownFor = "";
      show([]);
      say("");
      return;
    }
    try {
      const answer = await fetch(`${dialog.dataset.go}?q=${encodeURIComponent(asked)}`, {
        credentials: "same-origin",
        headers: { Accept: "application/json" },
      });
      if (asked !== words() || !dialog.open) return;
      if (answer.redirected || !answer.ok) {
        show([]);
        say(answer.redirected ? "You are signed out. Press Enter to sign in again." : "That did not work. Press Enter to look on a page of its own.");
        return;
      }
      const found = await answer.json();
      if (asked !== words() || !dialog.open) return;
      shownFor = asked;
      show(found.groups);
      say(found.said);
    } catch {
      if (asked !== words()) return;
      show([]);
      say("There is no connection. Try again in a moment.");
    }
  }

  // What is on the list may be the answer to fewer letters: then the page of its own is right, and the list is not.
  function open(newTab) {
    if (!words()) return;
    const chosen = shownFor === words() ? options[at] : null;
    const address = chosen ? chosen.dataset.href : wholePage();
    if (newTab) window.open(address, "_blank", "noopener");
    else location.assign(address);
  }

  function start(text = "") {
    if (dialog.open || document.querySelector("dialog[open]")) return;
    field.value = text;
    shownFor = "";
    show([]);
    say("");
    single.checked = singleKeys();
    dialog.showModal();
    field.focus();
    if (text) ask();
  }

  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, PAUSE);
  });

  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      open(event.ctrlKey || event.metaKey);
      return;
    }
    const last = options.length - 1;
    if (last < 0) return;
    const to = { ArrowDown: at >= last ? 0 : at + 1, ArrowUp: at <= 0 ? last : at - 1, PageDown: Math.min(last, at + 6), PageUp: Math.max(0, at - 6) }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose(to);
  });

  // The focus stays in the field while somebody points at an option.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const chosen = event.target.closest("[role=option]");
    if (!chosen) return;
    choose(options.indexOf(chosen));
    open(event.ctrlKey || event.metaKey);
  });
  dialog.querySelector("[data-go-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => {
    clearTimeout(waiting);
    field.value = "";
    show([]);
    say("");
  });
  single.addEventListener("change", () => setSingleKeys(single.checked));

  for (const button of document.querySelectorAll("[data-go-open]")) {
    button.hidden = false;
    button.addEventListener("click", () => start());
  }

  // On the window, so that a page with a key of its own for it comes first.
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.isComposing) return;
    const target = event.target instanceof Element ? event.target : document.body;
    const command = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "k";
    const slash = event.key === "/" && !event.ctrlKey && !event.metaKey && singleKeys() && !target.closest("input, textarea, select, [contenteditable]");
    if (!command && !slash) return;
    event.preventDefault();
    if (dialog.open) field.select();
    else start();
  });
}

if (dialog && typeof dialog.showModal === "function") watch();
