// `<till-terminal>`: a card terminal on a counter, with a socket of its own. A page may have several.

import { button, fill, h, icon } from "./terminal-dom.js";
import { Flow } from "./terminal-flow.js";
import { Journal } from "./terminal-journal.js";
import { screens } from "./terminal-screens.js";
import { Wire } from "./terminal-wire.js";

const LOGGED = 40;
const HEARTBEAT = "ecrhub.heartbeat";
const setup = document.getElementById("terminals").dataset;
const t = JSON.parse(setup.texts);
const cards = JSON.parse(setup.cards);
const language = document.documentElement.lang;

class TillTerminal extends HTMLElement {
  #screen = "unplugged";
  #model = {};

  connectedCallback() {
    const { sn, secret, merchant, store } = this.dataset;
    delete this.dataset.secret;
    this.bad = { decline: false, twice: false, late_s: 0 };
    this.journal = new Journal(sn);
    this.wire = new Wire(setup.socket, { terminal_sn: sn, secret, software: "tillgate browser terminal" }, {
      answer: (topic, biz) => this.flow.answer(topic, biz),
      changed: () => this.#connection(),
      online: () => this.flow.online(),
      logged: (frame) => this.#log(frame),
    });
    const screen = { show: (name, model) => this.show(name, model), is_idle: () => ["waiting", "history"].includes(this.#screen) };
    const card_url = `/sandbox/api/terminals/${encodeURIComponent(sn)}/card`;
    this.flow = new Flow({ wire: this.wire, journal: this.journal, bad: this.bad, screen, card_url });
    this.at = {
      t, cards, sn, merchant, store, id: `t-${sn}`, flow: this.flow, wire: this.wire, journal: this.journal,
      payer_code_url: setup.payerCode,
      qr_url: `/sandbox/terminal/${encodeURIComponent(sn)}/qr`,
      show: (name, model) => this.show(name, model),
      power: (on) => this.#power(on),
      time: (ms, whole) => clock(new Date(ms), whole),
    };
    this.#build();
    this.flow.boot();
    everySecond.push(() => this.#tick());
    addEventListener("pagehide", () => this.wire.close());
  }

  #build() {
    const { sn } = this.dataset;
    this.glass = h("div", { class: "screen-box" });
    this.announcer = h("p", { class: "unseen", "aria-live": "polite", "data-announcer": true });
    this.replaceChildren(
      h("div", { class: "device" },
        h("div", { class: "slot", "aria-hidden": "true" }),
        h("div", { class: "face" },
          h("p", { class: "status-bar" }, h("span", { "data-clock": true }), h("span", { class: "sn" }, sn), h("span", { class: "net", role: "status" }, icon("link"), h("span", { "data-net": true }))),
          h("p", { class: "app-bar" }, "Register"),
          this.glass),
        h("div", { class: "reader", "aria-hidden": "true" }, icon("tap"))),
      this.announcer,
      this.#panel());
  }

  /** Bad days, and what went over the wire. */
  #panel() {
    const open = setup.alone !== undefined;
    const check = (name) => (event) => (this.bad[name] = event.target.checked);
    const toggle = (name, label, change) => h("label", { class: "toggle" }, h("input", { type: "checkbox", "data-bad": name, onchange: change }), h("span", {}, label));
    const late = h("output", { class: "late-s" }, fill(t.late_value, 0));
    const slide = (event) => {
      this.bad.late_s = Number(event.target.value);
      late.textContent = fill(t.late_value, event.target.value);
    };
    const network = (event) => (event.target.checked ? this.wire.close() : this.flow.plugged && this.wire.open());
    this.offline = h("input", { type: "checkbox", "data-bad": "offline", onchange: network });
    this.plug = button("plug", t.pull_plug, () => this.#power(!this.flow.plugged), { class: "danger" });
    this.log = h("ol", { class: "log", "data-log": true });
    return h("aside", { class: "side" },
      h("details", { class: "bad-days", open }, h("summary", {}, t.bad_days),
        h("div", { class: "bad-body" },
          toggle("decline", t.bad_decline, check("decline")),
          toggle("twice", t.bad_twice, check("twice")),
          h("label", { class: "toggle" }, this.offline, h("span", {}, t.bad_offline)),
          h("label", { class: "slide" }, h("span", {}, t.bad_late, " ", late), h("input", { type: "range", min: 0, max: 90, step: 5, value: 0, "data-bad": "late", oninput: slide })),
          h("div", { class: "pair" }, button("operator-cancel", t.bad_cancel, () => this.flow.cancel("110"), { class: "quiet" }), this.plug),
          h("p", { class: "hint" }, t.plug_hint))),
      h("details", { class: "wire-log", open }, h("summary", {}, t.wire_log), h("p", { class: "hint" }, t.wire_hint), this.log));
  }

  #power(on) {
    if (on === this.flow.plugged) return;
    if (on) this.offline.checked = false;
    if (on) this.flow.boot();
    else this.flow.unplug();
    this.plug.textContent = on ? t.pull_plug : t.plug_in;
  }

  /** The new screen takes the focus if the old one had it, or if nobody else could. */
  show(name, model) {
    const had = this.glass.contains(document.activeElement);
    const free = setup.alone !== undefined && document.activeElement === document.body;
    this.#screen = name;
    this.#model = model;
    this.dataset.screen = name;
    const element = screens[name](model, this.at);
    this.glass.replaceChildren(element);
    this.glass.scrollTop = 0;
    const headline = element.querySelector(".headline");
    if (had || free) headline.focus({ preventScroll: !had });
    const sum = element.querySelector(".sum, .verdict-sum")?.textContent ?? "";
    this.announcer.textContent = `${headline.textContent} ${sum}`;
    this.#draw();
  }

  #connection() {
    const { state } = this.wire;
    this.dataset.state = state;
    const words = this.querySelector("[data-net]");
    if (words) words.textContent = t[`net_${state}`];
    if (this.#screen === "waiting") this.show("waiting", {});
  }

  #tick() {
    this.wire.tick();
    this.flow.tick();
    this.#draw();
  }

  /** What changes with the clock. */
  #draw() {
    const now = clock(new Date());
    for (const place of this.querySelectorAll("[data-clock]")) place.textContent = now;
    const ready = this.querySelector("[data-ready]");
    if (ready) ready.textContent = this.wire.state === "online" ? t.ready : t[`net_${this.wire.state}`];
    const left = this.querySelector("[data-left]");
    const order = this.#model.order;
    if (!left || !order || order.asked || order.ends_at === Infinity) return;
    const seconds = Math.max(0, Math.ceil((order.ends_at - performance.now()) / 1000));
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    left.classList.toggle("hurry", seconds <= 20);
  }

  #log({ way, topic, code, frame, at }) {
    if (!this.log || topic === HEARTBEAT) return;
    const arrow = { out: "→", in: "←", end: "×" }[way];
    this.log.prepend(h("li", { "data-topic": topic, "data-way": way },
      h("details", {},
        h("summary", {}, h("span", { class: "arrow" }, arrow), h("code", {}, topic.replace("ecrhub.", "")), code && h("span", { class: "chip" }, code), h("time", {}, clock(at, true).slice(-8))),
        h("pre", {}, JSON.stringify(frame, null, 1)))));
    while (this.log.childElementCount > LOGGED) this.log.lastElementChild.remove();
  }
}

/** As the counter's clock shows it: `14:05`, or with the day and seconds. */
function clock(time, whole = false) {
  const options = whole
    ? { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }
    : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return new Intl.DateTimeFormat(language, options).format(time);
}

const everySecond = [];
const worker = new Worker(new URL("./terminal-clock.js", import.meta.url));
worker.onmessage = () => everySecond.forEach((tick) => tick());

// A page brought back from the browser's memory has closed its sockets.
addEventListener("pageshow", (event) => event.persisted && location.reload());
customElements.define("till-terminal", TillTerminal);
