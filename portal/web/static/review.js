// Sends each answer of the security checklist by itself, keeps on this device what could not be sent, and says what is saved.

const boxes = [...document.querySelectorAll("[data-review-item]")];
const AGAIN = 15000;
const KEPT = "Kept on this device, not sent yet. It is sent as soon as there is a connection.";
const OUT = "You are signed out. The answer is kept on this device, and is sent when you open this page after signing in.";
const OPEN = "Not sent yet. This browser keeps nothing, so leave this page open: it is sent as soon as there is a connection.";
const OPEN_OUT = "You are signed out, and this browser keeps nothing. Copy what you typed before you sign in again.";
const flights = new Map();
const saved = new Map();

// Answers are kept by person and review: on a shared device nobody sends another one's.
const prefix = (box) => `portal-review:${box.dataset.reviewPerson}:${box.dataset.review}:`;
const keyOf = (box) => prefix(box) + box.dataset.reviewItem;

function typed(form) {
  return [...new FormData(form).entries()].filter(([name, value]) => !name.endsWith("csrf_token") && typeof value === "string");
}

// A browser may refuse to keep anything, or be full: then the page itself holds what is typed, and says so.
const held = new Map();

function kept(key) {
  if (held.has(key)) return held.get(key);
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function put(key, text) {
  try {
    localStorage.setItem(key, text);
    held.delete(key);
  } catch {
    held.set(key, text);
  }
}

function drop(key) {
  held.delete(key);
  try {
    localStorage.removeItem(key);
  } catch {
    // Nothing is there to be removed.
  }
}

function read(key) {
  try {
    return JSON.parse(kept(key));
  } catch {
    return null;
  }
}

function say(box, words, kind = "info") {
  const line = box.querySelector("[data-review-state]");
  line.hidden = false;
  line.textContent = words;
  line.className = kind === "error" ? "usa-error-message" : "quiet";
  box.dataset.reviewSaid = kind;
  const all = document.querySelector("[data-review-all]");
  if (!all) return;
  const waiting = boxes.filter((each) => read(keyOf(each))).length;
  all.hidden = false;
  const where = held.size ? "not sent yet. Leave this page open." : "kept on this device and not sent yet.";
  all.textContent = waiting ? `${waiting} ${waiting === 1 ? "answer is" : "answers are"} ${where}` : "Everything you answered is saved.";
}

function keep(box) {
  const form = box.querySelector("form");
  put(keyOf(box), JSON.stringify({ fields: typed(form) }));
}

// What the portal would send back at once is not sent by itself: '' where it may go, else what is still to do.
function lacks(box) {
  const chosen = box.querySelector("input[type=radio]:checked");
  if (!chosen) return held.has(keyOf(box)) ? "Choose an answer. Then it is saved." : "Choose an answer. What you typed is kept on this device.";
  if (chosen.value !== "yes" && !box.querySelector("textarea").value.trim()) return "Write a few words in the note. Then it is saved.";
  return "";
}

function fill(box, fields) {
  const given = new Map(fields);
  for (const one of box.querySelector("form").elements) {
    if (!one.name || one.name.endsWith("csrf_token") || !given.has(one.name)) continue;
    if (one.type === "radio") one.checked = one.value === given.get(one.name);
    else one.value = given.get(one.name);
  }
}

function seenField(box) {
  return box.querySelector(`input[name="${box.dataset.reviewItem}-seen"]`);
}

// One after the other: what is typed while an answer is on its way is sent after it.
async function send(box) {
  const key = keyOf(box);
  while (flights.has(key)) await flights.get(key);
  if (!kept(key)) return saved.get(key) || false;
  const flight = deliver(box, key).finally(() => flights.delete(key));
  flights.set(key, flight);
  return flight;
}

async function deliver(box, key) {
  const sent = kept(key);
  const form = box.querySelector("form");
  let answer;
  try {
    answer = await fetch(form.action, {
      method: "POST",
      credentials: "same-origin",
      redirect: "manual",
      headers: { "X-CSRFToken": form.querySelector('input[name$="csrf_token"]').value, Accept: "application/json" },
      body: new URLSearchParams(JSON.parse(sent).fields),
    });
  } catch {
    say(box, held.has(key) ? OPEN : KEPT, "waiting");
    return false;
  }
  return heard(box, key, sent, answer);
}

async function heard(box, key, sent, answer) {
  const waits = held.has(key) ? OPEN : KEPT;
  if (answer.type === "opaqueredirect" || answer.status === 401) {
    say(box, held.has(key) ? OPEN_OUT : OUT, "waiting");
    return false;
  }
  let said;
  try {
    said = await answer.json();
  } catch {
    // A page instead of an answer: a token that ran out, a portal that is being restarted.
    say(box, answer.status >= 500 || held.has(key) ? waits : `${waits} If this stays, load the page again.`, "waiting");
    return false;
  }
  const changed = kept(key) !== sent;
  if (!answer.ok) {
    // Kept as it was, with the revision that was on the screen then: loading the page again must not send it unasked.
    if (!changed) put(key, JSON.stringify({ ...JSON.parse(sent), stopped: true }));
    seenField(box).value = said.revision;
    box.dataset.reviewStopped = "1";
    const words = said.overtaken ? `${said.refused} Press Save to keep yours.` : said.refused;
    say(box, words, said.overtaken || box.dataset.reviewPressed ? "error" : "waiting");
    return false;
  }
  seenField(box).value = said.revision;
  saved.set(key, said);
  if (changed) {
    keep(box);
    return deliver(box, key);
  }
  drop(key);
  say(box, said.saved, "saved");
  return said;
}

function watch(box) {
  const form = box.querySelector("form");
  // The page's own script sends once for each press of a button; here the same button saves as often as it is pressed.
  form.removeAttribute("data-once");
  const changed = () => {
    delete box.dataset.reviewStopped;
    delete box.dataset.reviewPressed;
    keep(box);
    if (lacks(box)) say(box, lacks(box), "waiting");
    else send(box);
  };
  form.addEventListener("change", changed);
  form.addEventListener("input", () => keep(box));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    delete box.dataset.reviewStopped;
    box.dataset.reviewPressed = "1";
    keep(box);
    const said = await send(box);
    if (said && said.next && box.dataset.reviewOn === "one") location.assign(said.next);
  });
  const before = read(keyOf(box));
  if (before && Array.isArray(before.fields)) {
    // It was typed when this revision was on the screen: if somebody has saved since, the portal says so.
    fill(box, before.fields);
    if (before.stopped || lacks(box)) {
      box.dataset.reviewStopped = "1";
      say(box, "What you typed is kept on this device and not sent. Press Save to send it.", "waiting");
    } else send(box);
  }
}

function again() {
  for (const box of boxes) if (!box.dataset.reviewStopped && !lacks(box)) send(box);
}

// Answers to items that are not on this page: they are sent by the page that has them all.
function elsewhere(line) {
  const here = new Set(boxes.map(keyOf));
  let left = 0;
  try {
    left = Object.keys(localStorage).filter((key) => key.startsWith(prefix(line)) && !here.has(key)).length;
  } catch {
    return;
  }
  line.hidden = left === 0;
  line.querySelector("span").textContent = `${left} ${left === 1 ? "answer to another item is" : "answers to other items are"} kept on this device and not sent yet.`;
}

document.querySelectorAll("[data-review-left]").forEach(elsewhere);
if (boxes.length) {
  addEventListener("beforeunload", (event) => {
    if (held.size) event.preventDefault();
  });
  boxes.forEach(watch);
  addEventListener("online", again);
  setInterval(again, AGAIN);
}
