// Small comforts on top of pages that work without any script.

function copyButtons() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy]")) {
    const value = button.closest(".copy-row")?.querySelector("[data-copy-value]");
    const label = button.querySelector("[data-copy-label]");
    if (!value || !label) continue;
    const words = label.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(value.textContent);
        label.textContent = "Copied";
        say(`Copied ${value.textContent}`);
      } catch {
        label.textContent = "Select it";
        getSelection()?.selectAllChildren(value);
      }
      setTimeout(() => {
        label.textContent = words;
      }, 2000);
    });
  }
}

// A screen reader hears this; the region must exist before its text changes.
let voice;
function say(words) {
  if (!voice) {
    voice = document.createElement("div");
    voice.className = "usa-sr-only";
    voice.setAttribute("role", "status");
    document.body.append(voice);
  }
  voice.textContent = "";
  setTimeout(() => {
    voice.textContent = words;
  }, 50);
}

// A second press within ten seconds sends nothing: the server refuses doubles anyway, this spares people the refusal.
function onceOnly() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !("once" in form.dataset) || event.defaultPrevented) return;
    const sent = Number(form.dataset.sent || 0);
    if (Date.now() - sent < 10000) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = String(Date.now());
  });
  // Coming back with the browser's button must not find the form locked.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
}

function printButtons() {
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
}

// Folded parts are opened for paper and closed again.
function printEverything() {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("main details:not([open])")];
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
    opened = [];
  });
}

// A link into a folded part opens it.
function openTarget() {
  const target =
    location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const folded = target && target.closest("details:not([open])");
  if (folded) {
    folded.open = true;
    target.scrollIntoView();
  }
}

function menu() {
  const details = document.querySelector("[data-menu]");
  details?.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    details.querySelector("summary").focus();
  });
}

// Older browsers know `autofocus` on controls only; asked any sooner, newer ones would complain of two at once.
function focusSummary() {
  addEventListener("load", () =>
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        if (document.activeElement === document.body) document.querySelector("[data-focus]")?.focus();
      }),
    ),
  );
}

focusSummary();
copyButtons();
onceOnly();
printButtons();
printEverything();
openTarget();
addEventListener("hashchange", openTarget);
menu();
