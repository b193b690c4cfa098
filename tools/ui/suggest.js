// Shows the articles that may answer what is being typed; without it, the same articles stand on the next page.

const PAUSE = 400;

function show(box, found) {
  box.replaceChildren();
  if (!found.length) return;
  const title = document.createElement("h2");
  title.textContent = "Does one of these answer it?";
  const list = document.createElement("ul");
  list.className = "usa-list";
  for (const each of found) {
    const link = document.createElement("a");
    link.className = "usa-link";
    link.href = each.href;
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = each.title;
    const item = document.createElement("li");
    item.append(link, each.summary ? `: ${each.summary} (opens in a new tab)` : " (opens in a new tab)");
    list.append(item);
  }
  box.append(title, list);
}

for (const box of document.querySelectorAll("[data-suggest]")) {
  const typed = document.getElementById(box.dataset.suggestFrom);
  if (!typed) continue;
  let waiting;
  let asked = typed.value.trim();
  typed.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const words = typed.value.trim();
      if (words === asked) return;
      asked = words;
      try {
        const answer = await fetch(`${box.dataset.suggest}?q=${encodeURIComponent(words)}`, { headers: { Accept: "application/json" } });
        if (answer.ok && !answer.redirected && words === asked) show(box, words ? await answer.json() : []);
      } catch {
        // Without a connection nothing is suggested; asking says so by itself.
      }
    }, PAUSE);
  });
}
