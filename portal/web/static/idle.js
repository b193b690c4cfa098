// Says two minutes ahead that the session is about to end, and keeps what was typed for after signing in again.

const dialog = document.querySelector("[data-idle]");
const AHEAD = 120;
const SEEN = "portal-seen";
const FLAG = "portal-draft";

function typedFields(form) {
  const fields = {};
  for (const one of form.elements) {
    if (!one.name || one.name === "csrf_token" || ["password", "file", "hidden", "submit", "button"].includes(one.type)) continue;
    if (["checkbox", "radio"].includes(one.type) && !one.checked) continue;
    const values = one.type === "select-multiple" ? [...one.selectedOptions].map((each) => each.value) : [one.value];
    fields[one.name] = [...(fields[one.name] || []), ...values];
  }
  return fields;
}

function forms() {
  return [...document.querySelectorAll("main form[method=post]")].filter((form) => form.querySelector("input:not([type=hidden]):not([type=password]), textarea, select"));
}

function send(path, body, type) {
  const headers = { "X-CSRFToken": dialog.dataset.token };
  if (type) headers["Content-Type"] = type;
  return fetch(path, { method: "POST", headers, body, credentials: "same-origin", keepalive: true, redirect: "manual" });
}

async function keepDraft() {
  const fields = Object.assign({}, ...forms().map(typedFields));
  if (!Object.values(fields).flat().some((value) => value.trim())) return;
  const answer = await send(dialog.dataset.draft, JSON.stringify({ page: location.pathname, fields }), "application/json");
  if (answer.status === 204) sessionStorage.setItem(FLAG, location.pathname);
}

async function giveBack() {
  if (sessionStorage.getItem(FLAG) !== location.pathname) return;
  sessionStorage.removeItem(FLAG);
  const answer = await fetch(`${dialog.dataset.draft}?page=${encodeURIComponent(location.pathname)}`, { credentials: "same-origin" });
  if (!answer.ok) return;
  const fields = await answer.json();
  for (const form of forms()) {
    for (const one of form.elements) {
      if (!(one.name in fields) || ["password", "file", "hidden", "submit"].includes(one.type)) continue;
      const values = fields[one.name];
      if (["checkbox", "radio"].includes(one.type)) one.checked = values.includes(one.value);
      else if (one.type === "select-multiple") for (const each of one.options) each.selected = values.includes(each.value);
      else one.value = values.shift() ?? one.value;
    }
  }
  document.querySelector("main").prepend(document.querySelector("[data-idle-restored]").content.cloneNode(true));
}

function watch() {
  const life = Number(dialog.dataset.idle);
  const ahead = Math.min(AHEAD, life / 2);
  const left = dialog.querySelector("[data-idle-left]");
  const stay = dialog.querySelector("[data-idle-stay]");
  let ending = false;

  // The server notes a request once a minute, so it may end the session a minute before this page would.
  // Pages in other tabs are told by the browser's store; where a browser refuses it, this page goes by itself.
  let own = Date.now();
  const seen = () => {
    try {
      return Number(localStorage.getItem(SEEN) || own);
    } catch {
      return own;
    }
  };
  const remaining = () => life - 60 - (Date.now() - seen()) / 1000;
  const mark = () => {
    own = Date.now();
    try {
      localStorage.setItem(SEEN, String(own));
    } catch {
      // Nothing to tell other tabs by.
    }
  };
  mark();

  async function end() {
    if (ending) return;
    ending = true;
    try {
      await keepDraft();
      await send(`${dialog.dataset.out}?kept=1`, new URLSearchParams({ csrf_token: dialog.dataset.token }), "application/x-www-form-urlencoded");
    } finally {
      location.assign(`${dialog.dataset.in}?next=${encodeURIComponent(location.pathname + location.search)}`);
    }
  }

  stay.addEventListener("click", async () => {
    const answer = await send(dialog.dataset.alive, "");
    if (answer.status !== 204) return end();
    mark();
    dialog.close();
  });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    stay.click();
  });
  setInterval(() => {
    const seconds = Math.ceil(remaining());
    if (seconds <= 0) end();
    else if (seconds <= ahead) {
      left.textContent = seconds > 60 ? "two minutes" : "one minute";
      if (!dialog.open) dialog.showModal();
    } else if (dialog.open) dialog.close();
  }, 1000);
}

if (dialog && typeof dialog.showModal === "function") {
  watch();
  giveBack();
}
