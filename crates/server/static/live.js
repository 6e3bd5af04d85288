// The sandbox's pages: copy buttons, lists that update themselves, payment codes that renew.
// Everything here is also there without it: as text, as a link, as a reload.

const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms));
const live = () => document.getElementById("live");
let timer = 0;

function offerCopies(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("[data-copy]")) {
    const word = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.copied;
      setTimeout(() => (button.textContent = word), 1500);
    });
  }
}

// Somebody is reading a body or has something typed: do not take it from under their hands.
function busy(page) {
  const typed = [...page.querySelectorAll("textarea, input:not([type=hidden], [type=radio])")].some((field) => field.value);
  const chosen = [...page.querySelectorAll("input[type=radio]")].some((field) => field.checked !== field.defaultChecked);
  return typed || chosen || page.querySelector("details[open]") !== null;
}

async function swap() {
  const answer = await fetch(location.href, { cache: "no-store" });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = fresh.getElementById("live");
  if (!answer.ok || !next) return location.reload();
  // The news may be ahead of the page: then there is no hurry.
  if (next.dataset.version === live().dataset.version) await sleep(1000);
  live().replaceWith(next);
  start();
}

async function follow(page) {
  const address = page.dataset.live;
  if (!address) return;
  const url = new URL(address, location.href);
  url.searchParams.set("known", page.dataset.version);
  for (let failures = 0; page.isConnected; ) {
    const asked = performance.now();
    try {
      const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(70000) });
      if (!answer.ok) throw new Error(String(answer.status));
      const news = await answer.json();
      failures = 0;
      if (news.version !== page.dataset.version) {
        if (!busy(page)) return await swap();
        const notice = page.querySelector("#news");
        if (notice) notice.hidden = false;
        return;
      }
    } catch {
      failures += 1;
    }
    if (failures || performance.now() - asked < 1000) await sleep(Math.min(10000, 1000 * (failures || 1)));
  }
}

function renew(page) {
  clearInterval(timer);
  const bar = page.querySelector("#renews");
  const words = page.querySelector("#renews-text");
  if (!bar || !words) return;
  const end = performance.now() + 1000 * Number(page.dataset.renewsS);
  timer = setInterval(() => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    bar.value = left;
    words.textContent = words.dataset.text.replace("{}", String(left));
    if (left > 0) return;
    clearInterval(timer);
    swap().catch(() => setTimeout(() => location.reload(), 3000));
  }, 500);
}

function start() {
  const page = live();
  if (!page) return;
  offerCopies(page);
  follow(page);
  renew(page);
}

addEventListener("pageshow", (event) => event.persisted && location.reload());
if (!live()) offerCopies(document);
start();
