// Keeps the payment page alive: time left, news from the gateway, the way back to the shop.
// Without this script the page reloads itself and has the same links.

const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms));
const live = () => document.getElementById("live");
let timer = 0;

// The time left comes from the server and is counted on a clock nobody can set.
function count(page) {
  clearInterval(timer);
  const clock = page.querySelector(".clock");
  const ring = page.querySelector(".ring .rest");
  if (!clock || !ring) return;
  const end = performance.now() + Number(page.dataset.leftMs);
  const whole = Number(page.dataset.wholeMs);
  const draw = () => {
    const left = Math.max(0, end - performance.now());
    const seconds = Math.ceil(left / 1000);
    clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    ring.setAttribute("stroke-dasharray", `${(100 * left) / whole} 100`);
    page.classList.toggle("hurry", left < 60000);
    if (left === 0) clearInterval(timer);
  };
  timer = setInterval(draw, 250);
  draw();
}

function goBack(page) {
  const link = page.querySelector("#return");
  const words = page.querySelector("#returning");
  if (!link || !words) return;
  let seconds = 3;
  const tick = () => {
    if (seconds === 0) return location.replace(link.href);
    words.textContent = words.dataset.text.replace("{}", String(seconds));
    words.hidden = false;
    seconds -= 1;
    setTimeout(tick, 1000);
  };
  tick();
}

// Fetches the page anew and puts its middle in place of ours.
async function swap() {
  const answer = await fetch(location.href, { cache: "no-store" });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = fresh.getElementById("live");
  if (!answer.ok || !next) return location.reload();
  // The news may be ahead of the page: then there is no hurry.
  const shown = live().dataset;
  if (next.dataset.state === shown.state && next.dataset.choice === shown.choice) await sleep(1000);
  live().replaceWith(next);
  document.title = fresh.title;
  document.getElementById("announcer").textContent = next.dataset.says;
  start();
}

async function follow(page) {
  const address = page.dataset.statusUrl;
  const final = ["paid", "declined", "expired", "cancelled", "not_found"];
  if (!address || final.includes(page.dataset.state)) return;
  const url = new URL(address, location.href);
  url.searchParams.set("known", page.dataset.state);
  url.searchParams.set("choice", page.dataset.choice);
  for (let failures = 0; page.isConnected; ) {
    const asked = performance.now();
    try {
      const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(70000) });
      if (!answer.ok) throw new Error(String(answer.status));
      const news = await answer.json();
      failures = 0;
      page.querySelector("#lost").hidden = true;
      const known = news.state === page.dataset.state && String(news.choice) === page.dataset.choice;
      if (!known) return await swap();
    } catch {
      failures += 1;
      page.querySelector("#lost").hidden = failures < 2;
    }
    // A gateway that answers at once is asked again after a pause, a silent one ever more rarely.
    const pause = failures ? Math.min(10000, 1000 * failures) : 1000;
    if (failures || performance.now() - asked < 1000) await sleep(pause);
  }
}

// One press is one choice: a second would meet the answer to the first.
function chooseOnce(page) {
  for (const form of page.querySelectorAll("form")) {
    form.addEventListener("submit", (event) => {
      if (form.ariaBusy === "true") event.preventDefault();
      form.ariaBusy = "true";
    });
  }
}

// Said once: the next look at the page is another story.
function forgetProblem() {
  const url = new URL(location.href);
  if (!url.searchParams.has("problem")) return;
  url.searchParams.delete("problem");
  history.replaceState(null, "", url);
}

function start() {
  const page = live();
  if (!page) return;
  count(page);
  chooseOnce(page);
  goBack(page);
  follow(page);
}

// A page brought back from the browser's memory is old news.
addEventListener("pageshow", (event) => event.persisted && location.reload());
forgetProblem();
start();
