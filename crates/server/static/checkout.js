// Keeps CodePay's payment page alive: the form, time left, news from the gateway, the ways to the bank and to the shop.
// Without this script the page has the same forms and links, and reloads itself while a payment is on its way.

import { takeForm } from "./checkout-form.js";

const FINAL = ["paid", "declined", "not_authenticated", "expired", "cancelled", "not_found"];
const LEAVE_MS = 1500;

const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms));
const live = () => document.getElementById("live");
let timer = 0;

// `6 d 23 h`, `2:13:04`, `14:32`, like the gateway writes it.
function leftText(seconds, daysHours) {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (number) => String(number).padStart(2, "0");
  if (hours >= 24) return daysHours.replace("{}", Math.floor(hours / 24)).replace("{}", hours % 24);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

// The time left comes from the server and is counted on a clock nobody can set.
function count(page) {
  clearInterval(timer);
  const clock = page.querySelector(".clock");
  if (!clock) return;
  const end = performance.now() + Number(page.dataset.leftMs);
  const draw = () => {
    const left = Math.max(0, end - performance.now());
    clock.textContent = leftText(Math.ceil(left / 1000), page.dataset.daysHours);
    page.classList.toggle("hurry", left < 60000);
    if (left === 0) clearInterval(timer);
  };
  timer = setInterval(draw, 250);
  draw();
}

// There is room for a long list beside the form.
function showGoods(page) {
  const goods = page.querySelector(".goods");
  if (goods && matchMedia("(min-width: 721px)").matches) goods.open = true;
}

function goBack(page) {
  const link = page.querySelector("#return");
  const words = page.querySelector("#returning");
  if (!link || !words) return;
  let seconds = Number(words.dataset.afterS);
  const tick = () => {
    if (!page.isConnected) return;
    if (seconds === 0) return location.replace(link.href);
    words.textContent = words.dataset.text.replace("{}", String(seconds));
    words.hidden = false;
    seconds -= 1;
    setTimeout(tick, 1000);
  };
  tick();
}

// Right after the card was sent the way leads on to the bank; who comes back from there decides himself.
async function goToBank(page) {
  const link = page.querySelector("#bank");
  if (!link || !wasAsked) return;
  wasAsked = false;
  page.querySelector("#leaving").hidden = false;
  await sleep(LEAVE_MS);
  if (page.isConnected) location.assign(link.href);
}

// Fetches the page anew and puts its middle in place of ours.
async function swap() {
  const answer = await fetch(location.href, { cache: "no-store" });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = fresh.getElementById("live");
  if (!answer.ok || !next) return location.reload();
  // The news may be ahead of the page: then there is no hurry.
  if (next.dataset.known === live().dataset.known) await sleep(1000);
  const first = next.querySelector("[autofocus]");
  first?.removeAttribute("autofocus");
  live().replaceWith(next);
  first?.focus();
  document.title = fresh.title;
  document.getElementById("announcer").textContent = next.dataset.says;
  start();
}

async function follow(page) {
  const address = page.dataset.statusUrl;
  if (!address || FINAL.includes(page.dataset.state)) return;
  const url = new URL(address, location.href);
  url.searchParams.set("known", page.dataset.known);
  for (let failures = 0; page.isConnected; ) {
    const asked = performance.now();
    try {
      const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(70000) });
      if (!answer.ok) throw new Error(String(answer.status));
      const news = await answer.json();
      failures = 0;
      page.querySelector("#lost").hidden = true;
      if (news.known !== page.dataset.known) {
        // A form on its way brings its own page.
        if (page.querySelector("#order")?.ariaBusy !== "true") return await swap();
      }
    } catch {
      failures += 1;
      page.querySelector("#lost").hidden = failures < 2;
    }
    // A gateway that answers at once is asked again after a pause, a silent one ever more rarely.
    const pause = failures ? Math.min(10000, 1000 * failures) : 1000;
    if (failures || performance.now() - asked < 1000) await sleep(pause);
  }
}

// What answered a form has an address that only takes forms.
function takeOwnAddress() {
  const address = live()?.dataset.pageUrl;
  if (address && new URL(address, location.href).pathname !== location.pathname) history.replaceState(null, "", address);
}

// Said once: the next look at the page is another story.
function takeFromAddress(...names) {
  const url = new URL(location.href);
  const found = names.filter((name) => url.searchParams.has(name));
  for (const name of found) url.searchParams.delete(name);
  if (found.length > 0) history.replaceState(null, "", url);
  return found;
}

function start() {
  const page = live();
  if (!page) return;
  page.began = performance.now();
  count(page);
  showGoods(page);
  takeForm(page);
  goBack(page);
  goToBank(page);
  follow(page);
}

// A page brought back from the browser's memory is old news.
addEventListener("pageshow", (event) => event.persisted && location.reload());
takeOwnAddress();
let wasAsked = takeFromAddress("sent", "problem").includes("sent");
start();
