// How a card gets in, and the numbers people press: the shelf of test cards, the form to key one in, the pads.

import { button, h, icon } from "./terminal-dom.js";
import { bill, frame, keys } from "./terminal-frame.js";

const WAYS = [["contactless", "tap"], ["chip", "insert"], ["swipe", "swipe"]];
const MANAGER_CODE = "0000";
const MANAGER_TRIES = 3;

/** Luhn's check: every second digit from the right counts double. */
export function passesLuhn(pan) {
  let sum = 0;
  [...pan].reverse().forEach((digit, place) => {
    const doubled = Number(digit) * (place % 2 === 0 ? 1 : 2);
    sum += doubled > 9 ? doubled - 9 : doubled;
  });
  return sum % 10 === 0;
}

const grouped = (pan) => (/^3[47]/.test(pan) ? pan.replace(/^(\d{4})(\d{6})(\d+)$/, "$1 $2 $3") : pan.replace(/(\d{4})(?=\d)/g, "$1 "));

/** A card as a picture: chip, number, brand. */
function picture(card) {
  return h("span", { class: `plastic ${card.brand.toLowerCase()} ${card.kind}` },
    h("span", { class: "bank" }, card.title),
    h("span", { class: "chip-gold", "aria-hidden": "true" }),
    h("span", { class: "pan" }, grouped(card.pan)),
    h("span", { class: "foot" }, h("span", {}, "12/39"), h("span", { class: "brand-name" }, card.brand)));
}

/** The card the register asked for, if there is one, lies on top. */
function preferred(order, cards) {
  const type = { 1: "debit", 2: "credit", 3: "ebt", 4: "gift" }[order.biz.card_type];
  const fits = (card) => (!order.biz.pay_method_id || card.brand === order.biz.pay_method_id) && (!type || card.kind === type);
  return cards.find(fits) ?? cards[0];
}

export function cardScreen({ order, done, cancel }, at) {
  const { t } = at;
  let chosen = preferred(order, at.cards);
  const about = h("p", { class: "about hint", role: "status" });
  const choose = (card) => {
    chosen = card;
    about.textContent = card.about;
  };
  const shelf = h("fieldset", { class: "shelf" }, h("legend", { class: "unseen" }, t.card_pick),
    h("div", { class: "cards" }, at.cards.map((card) =>
      h("label", {}, h("input", { type: "radio", name: `${at.id}-card`, value: card.pan, checked: card === chosen, "data-pan": card.pan, onchange: () => choose(card) }), picture(card)))));
  const ways = WAYS.map(([entry, name]) =>
    h("button", { type: "button", class: "way", "data-act": name, onclick: () => done({ ...chosen, entry }) }, icon(name), t[`card_${name}`]));
  const key_in = h("button", { type: "button", class: "way", "data-act": "key-in", onclick: () => screen.replaceWith(keyed(() => chosen)) }, icon("keys"), t.card_keys);
  choose(chosen);
  const screen = frame("card", t.card_title, bill(order, at), shelf, about, h("div", { class: "ways" }, ways, key_in),
    keys(button("cancel", t.cancel, cancel, { class: "plain" })));
  const keyed = (sample) => {
    const form = keyedScreen({ order, done, back: () => (form.replaceWith(screen), screen.querySelector("[data-act=key-in]").focus()) }, at, sample);
    queueMicrotask(() => form.querySelector("input").focus());
    return form;
  };
  return screen;
}

/** A form with the errors beside its fields; the first wrong field gets the focus. */
function keyedScreen({ order, done, back }, at, sample) {
  const { t } = at;
  const field = (name, label, more) => {
    const id = `${at.id}-${name}`;
    return h("div", { class: `field ${name}` }, h("label", { for: id }, label),
      h("input", { id, name, inputmode: "numeric", autocomplete: "off", "aria-describedby": `${id}-problem`, ...more }),
      h("p", { class: "problem", id: `${id}-problem` }));
  };
  const check = (event) => {
    event.preventDefault();
    const digits = (name) => form.elements[name].value.replace(/[\s/-]/g, "");
    const problems = keyedProblems({ pan: digits("pan"), expiry: digits("expiry"), cvv: digits("cvv") }, new Date());
    for (const name of ["pan", "expiry", "cvv"]) {
      form.elements[name].setAttribute("aria-invalid", String(name in problems));
      form.querySelector(`.${name} .problem`).textContent = t[problems[name]] ?? "";
    }
    const wrong = Object.keys(problems)[0];
    if (wrong) return form.elements[wrong].focus();
    const pan = digits("pan");
    done({ ...at.cards.find((card) => card.pan === pan), pan, expiry: digits("expiry"), entry: "manual" });
  };
  const useSample = () => {
    form.elements.pan.value = grouped(sample().pan);
    form.elements.expiry.value = "12/39";
    form.elements.cvv.value = /^3[47]/.test(sample().pan) ? "1234" : "123";
  };
  const form = h("form", { class: "keyed-form", novalidate: true, onsubmit: check },
    field("pan", t.pan, { maxlength: 23 }),
    h("div", { class: "pair" }, field("expiry", t.expiry, { maxlength: 5, placeholder: t.expiry_hint }), field("cvv", t.cvv, { maxlength: 4 })),
    button("use-sample", t.use_sample, useSample, { class: "quiet" }),
    h("button", { class: "button", "data-act": "key-in-send" }, t.pay));
  return frame("keyed", t.keyed_title, bill(order, at), form, keys(button("back", t.back, back, { class: "plain" })));
}

/** Names of texts, by field; empty when all is well. */
export function keyedProblems({ pan, expiry, cvv }, today) {
  const problems = {};
  if (!/^\d{12,19}$/.test(pan)) problems.pan = "pan_short";
  else if (!passesLuhn(pan)) problems.pan = "pan_luhn";
  const [month, year] = [Number(expiry.slice(0, 2)), 2000 + Number(expiry.slice(2))];
  if (!/^(0[1-9]|1[0-2])\d{2}$/.test(expiry)) problems.expiry = "expiry_bad";
  else if (year * 12 + month < today.getFullYear() * 12 + today.getMonth() + 1) problems.expiry = "expiry_past";
  if (!(/^3[47]/.test(pan) ? /^\d{4}$/ : /^\d{3}$/).test(cvv)) problems.cvv = "cvv_bad";
  return problems;
}

/** Digits as dots, a pad to press, and the keyboard. `enter(digits)` gives what is wrong with them, if anything. */
function pad({ at, label, least, most, enter }) {
  const { t } = at;
  let digits = "";
  const dots = h("output", { class: "dots-line", "aria-live": "off" });
  const problem = h("p", { class: "problem", role: "alert" });
  const draw = () => {
    dots.replaceChildren(...[...digits].map(() => h("i", {})));
    dots.setAttribute("aria-label", `${label}: ${digits.length}`);
  };
  const press = (digit) => {
    problem.textContent = "";
    if (digits.length < most) digits += digit;
    draw();
  };
  const clear = () => {
    digits = "";
    draw();
  };
  const ok = () => {
    const wrong = digits.length < least ? t.digits_missing : enter(digits);
    clear();
    problem.textContent = wrong ?? "";
  };
  const key = (digit) => h("button", { type: "button", class: "pad-key", "data-key": digit, onclick: () => press(digit) }, digit);
  const box = h("div", { class: "pad", role: "group", "aria-label": label }, dots, problem,
    h("div", { class: "pad-keys" }, [..."123456789"].map(key),
      h("button", { type: "button", class: "pad-key clear", "data-key": "clear", onclick: clear }, t.clear), key("0"),
      h("button", { type: "button", class: "pad-key ok", "data-key": "ok", onclick: ok }, "OK")));
  const typed = (event) => {
    if (/^\d$/.test(event.key)) press(event.key);
    else if (event.key === "Backspace") clear();
    else if (event.key === "Enter" && event.target.tagName !== "BUTTON") ok();
    else return;
    event.preventDefault();
  };
  draw();
  return { box, typed };
}

export function pinScreen({ order, done, cancel, card }, at) {
  const { t } = at;
  const { box, typed } = pad({ at, label: t.pin_title, least: 4, most: 6, enter: (digits) => void done(digits) });
  const screen = frame("pin", t.pin_title, bill(order, at), h("p", { class: "hint center" }, `${card.brand} •••• ${card.pan.slice(-4)} · ${t.pin_body}`), box,
    keys(button("cancel", t.cancel, cancel, { class: "plain" })));
  screen.addEventListener("keydown", typed);
  return screen;
}

export function managerScreen({ order, done, cancel }, at) {
  const { t } = at;
  let tries = MANAGER_TRIES;
  const enter = (digits) => {
    if (digits === MANAGER_CODE) return void done();
    tries -= 1;
    if (tries === 0) return void at.flow.cancel("110");
    return t.manager_wrong;
  };
  const { box, typed } = pad({ at, label: t.manager_title, least: 4, most: 4, enter });
  const screen = frame("manager", t.manager_title, bill(order, at), h("p", { class: "hint center" }, t.manager_body), box,
    keys(button("cancel", t.cancel, cancel, { class: "plain" })));
  screen.addEventListener("keydown", typed);
  return screen;
}
