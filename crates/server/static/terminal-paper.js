// What comes out of the printer: receipts in one or two copies, reports of a closed batch.

import { button, fill, h } from "./terminal-dom.js";
import { minor, shown } from "./terminal-money.js";
import { moved } from "./terminal-order.js";
import { frame, keys } from "./terminal-frame.js";

const ENTRY = { 1: "card_swipe", 2: "card_insert", 3: "card_tap", 4: "card_keys" };
const KIND = { 1: "sale", 2: "void", 3: "refund", 4: "authorization", 6: "completion", 11: "cashback" };

const line = (name, value, look) => value && h("div", { class: look }, h("dt", {}, name), h("dd", {}, value));

export function paperScreen(model, at) {
  const { t } = at;
  const strips = model.batch ? [report(model.batch, at)] : copies(model, at);
  const title = model.batch ? t.batch_title : model.adjusted ? t.tip_adjusted : model.again ? t.reprint : t.receipt;
  return frame("paper", title,
    h("div", { class: "roll", tabindex: 0, role: "group", "aria-label": title }, strips),
    keys(button("done", t.tear_off, () => at.flow.idle())));
}

/** receipt_print_mode: 1 merchant, 2 customer, 3 both. A reprint without a mode is for the merchant. */
function copies(model, at) {
  const mode = Number(model.entry.order.receipt_print_mode) || 1;
  return [[1, "merchant"], [2, "customer"]].filter(([bit]) => mode & bit).map(([, copy]) => receipt(model, copy, at));
}

function receipt({ entry, again, adjusted }, copy, at) {
  const { t } = at;
  const { order, settled } = entry;
  const biz = entry.result?.biz ?? {};
  const { currency, amount, tip, cashback, sum } = moved(entry);
  const kind = KIND[order.trans_type] ?? "sale";
  const parts = tip > 0n || cashback > 0n;
  return h("article", { class: "strip", "data-copy": copy },
    heading(order.merchant_name || at.merchant, at),
    (again || adjusted) && h("p", { class: "stamp" }, adjusted ? t.tip_adjusted : t.duplicate),
    h("p", { class: "type" }, t[`kind_${kind}`]),
    h("dl", {},
      line(t.date, at.time(entry.at, true)),
      line(t.order_number, order.merchant_order_no),
      line(t.original, order.orig_merchant_order_no),
      line(t.number, order.trans_no ?? entry.trade_no),
      line(biz.pay_method_id ?? settled?.pay_method_id ?? t.card, biz.card_no),
      line(t.entry, t[ENTRY[biz.entry_mode]]),
      line(t.auth_code, biz.auth_code),
      line(t.ref_no, biz.ref_no)),
    h("dl", { class: "sums" },
      parts && line(t.order_amount, shown(amount, currency)),
      tip > 0n && line(t.tip, shown(tip, currency), "tip-line"),
      cashback > 0n && line(t.cashback, shown(cashback, currency)),
      line(t.total, shown(sum, currency), "total")),
    order.description && h("p", { class: "small" }, order.description),
    copy === "merchant" && biz.signature && h("figure", {}, h("img", { src: `data:image/png;base64,${biz.signature}`, alt: t.sign_title }), h("figcaption", {}, t.sign_title)),
    h("p", { class: "stamp" }, t.status_approved),
    h("p", { class: "copy-name" }, t[`copy_${copy}`]));
}

const heading = (merchant, at) =>
  h("header", {}, h("strong", {}, merchant), h("span", {}, at.store), h("span", {}, `${at.t.terminal} ${at.sn}`));

function report(batch, at) {
  const { t } = at;
  const currency = batch.price_currency ?? "";
  const sum = minor(batch.total_amount, currency);
  return h("article", { class: "strip", "data-batch": batch.batch_no },
    heading(at.merchant, at),
    h("p", { class: "type" }, t.batch_title),
    h("dl", {}, line(t.date, at.time(Date.now(), true)), line(t.batch_no, batch.batch_no), line(t.batch_count, String(batch.count ?? ""))),
    h("dl", { class: "sums" }, line(t.total, sum === null ? `${currency} ${batch.total_amount ?? ""}` : shown(sum, currency), "total")),
    h("p", { class: "stamp" }, fill(t.batch_closed, batch.batch_no ?? "")));
}
