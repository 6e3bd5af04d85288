// What every screen has: its headline, its keys below, and the bill of the order above.

import { h } from "./terminal-dom.js";
import { shown } from "./terminal-money.js";
import { total } from "./terminal-order.js";

/** A screen's frame. The headline takes the focus. */
export const frame = (name, title, ...parts) =>
  h("section", { class: `glass ${name}-screen`, "data-screen": name }, h("h3", { class: "headline", tabindex: -1 }, title), ...parts);

export const keys = (...buttons) => h("div", { class: "keys" }, ...buttons);

export const row = (name, value, look) => h("div", { class: look }, h("dt", {}, name), h("dd", {}, value));

/** What is to be paid, above every step of an order. */
export function bill(order, at) {
  const { t } = at;
  const money = (amount) => shown(amount, order.currency);
  const parts = order.tip > 0n || order.cashback > 0n;
  return h("header", { class: "bill" },
    h("p", { class: "kind" }, h("span", {}, t[`kind_${order.kind}`]), h("span", { class: "left", "data-left": true })),
    h("p", { class: "sum", "data-total": true }, h("span", { class: "currency" }, order.currency), " ", h("span", { class: "number" }, money(total(order)).slice(order.currency.length + 1))),
    parts && h("dl", { class: "parts" },
      row(t.order_amount, money(order.amount)),
      order.tip > 0n && row(t.tip, money(order.tip)),
      order.cashback > 0n && row(t.cashback, money(order.cashback))),
    h("p", { class: "payee-name" }, order.biz.merchant_name || at.merchant),
    order.biz.description && h("p", { class: "description" }, order.biz.description));
}
