// At the help desk: says who else is writing an answer, keeps the draft while somebody types, and moves by keyboard.

const box = document.querySelector("[data-ticket]");
const EVERY = 20000;
const PAUSE = 4000;
let noting = false; // whether what is written was begun as a note

function post(address, fields) {
  const token = document.querySelector('input[name="csrf_token"]');
  return fetch(address, {
    method: "POST",
    credentials: "same-origin",
    keepalive: true,
    redirect: "manual",
    headers: { "X-CSRFToken": token ? token.value : "", Accept: "application/json" },
    body: new URLSearchParams(fields),
  });
}

if (box) {
  const area = box.querySelector("textarea");
  const said = document.querySelector("[data-others]");
  const state = box.querySelector("[data-draft-state]");
  let sent = area.value;
  let timer;
  let leaving = false; // what is sent is no draft any more, however late this page goes

  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await post(box.dataset.ticketHere, { writing: area.value.trim() ? "1" : "" });
      if (!answer.ok) return;
      const now = await answer.json();
      const newer = now.last_entry > Number(box.dataset.lastSeen);
      const words = newer ? [...now.others, "Somebody wrote in this ticket since you opened it. Load the page again to read it."] : now.others;
      said.textContent = words.join(" ");
      said.hidden = words.length === 0;
    } catch {
      // Without a connection nothing is said; the next look may have one.
    }
  };

  const keep = async () => {
    if (leaving || area.value === sent) return;
    const text = area.value;
    try {
      const answer = await post(box.dataset.ticketDraft, { text });
      state.hidden = false;
      state.textContent = answer.ok ? "Your draft is kept." : "Your draft could not be kept. Copy it before you leave this page.";
      if (answer.ok) sent = text;
    } catch {
      state.hidden = false;
      state.textContent = "There is no connection. Your draft is not kept yet.";
    }
  };

  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE);
  });
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    box.querySelector(`button[value="${noting ? "note" : "send"}"]`)?.click();
  });
  area.form.addEventListener("submit", () => {
    leaving = true;
    clearTimeout(timer);
  });
  window.addEventListener("pageshow", () => {
    leaving = false;
  });
  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) keep();
    else look();
  });
  look();
}

// One key each, never while somebody types. Enter opens what j and k have come to, as it does any link.
let at = -1;
const places = () => {
  if (box) return [...document.querySelectorAll("[data-entry]")];
  const marked = [...document.querySelectorAll("[data-row]")];
  return marked.length ? marked : [...document.querySelectorAll("main tbody tr")].map((row) => row.querySelector("a")).filter(Boolean);
};

function step(by) {
  const all = places();
  if (!all.length) return;
  at = Math.min(Math.max(at + by, 0), all.length - 1);
  all[at].focus();
  all[at].scrollIntoView({ block: "nearest" });
}

function write(note) {
  if (!box) return;
  noting = note;
  box.querySelector("textarea").focus();
}

const help = document.querySelector("[data-keys]");
const opener = document.querySelector("[data-keys-open]");
if (help) {
  opener.hidden = false;
  opener.addEventListener("click", () => help.showModal());
  help.querySelector("[data-keys-close]").addEventListener("click", () => help.close());
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  r: () => write(false),
  i: () => write(true),
  a: () => document.querySelector("form:has(input[name=to][value=take]) button")?.click(),
  "?": () => help?.showModal(),
  n: () => document.querySelector("[data-next]")?.click(),
  u: () => document.querySelector("[data-list]")?.click(),
  "/": () => document.querySelector("main input[type=search]").focus(),
};

// A page without a search of its own leaves / to the one that is on every page; who speaks to the browser turns these keys off.
const mine = (key) => key !== "/" || document.querySelector("main input[type=search]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable]")) return;
  const act = KEYS[event.key];
  if (!act || !mine(event.key) || document.documentElement.dataset.singleKeys === "off") return;
  event.preventDefault();
  act();
});
