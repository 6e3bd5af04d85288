// What is on the glass, one function per screen: a model in, an element out. Amounts and texts are formatted here.

import { button, fill, h, icon, sign } from "./terminal-dom.js";
import { cardScreen, managerScreen, pinScreen } from "./terminal-entry.js";
import { bill, frame, keys, row } from "./terminal-frame.js";
import { minor, percent, shown } from "./terminal-money.js";
import { moved } from "./terminal-order.js";
import { paperScreen } from "./terminal-paper.js";
import { signatureScreen } from "./terminal-signature.js";

const PRESETS = [15, 18, 20];
const WALLETS = { Alipay: "alipay", WeChatPay: "wechat", UnionPay: "unionpay" };
const STATUS_SIGNS = { approved: "good", declined: "bad", cancelled: "none", expired: "late", taken_back: "late", unknown: "wait" };

export const screens = {
  waiting, unplugged, confirm, tip, qr, scan, processing, checking, outcome, history,
  card: cardScreen, pin: pinScreen, manager: managerScreen, signature: signatureScreen, paper: paperScreen,
};

function waiting(_, at) {
  const { t } = at;
  const stopped = { taken: t.taken, refused: t.refused, retired: t.retired }[at.wire.state];
  return h("section", { class: "glass waiting-screen", "data-screen": "waiting" },
    h("div", { class: "welcome" },
      h("div", { class: "mark-big" }, icon("shop")),
      h("h3", { class: "headline", tabindex: -1 }, at.merchant),
      h("p", { class: "store" }, [at.store, at.wire.known?.name].filter(Boolean).join(" · ")),
      h("p", { class: "big-clock", "data-clock": true })),
    stopped
      ? h("div", { class: "stopped" }, h("p", {}, stopped), button("connect", t.use_here, () => at.flow.wire.open(), { class: "quiet" }))
      : h("p", { class: "ready" }, h("strong", { "data-ready": true }), h("span", {}, t.ready_body)),
    keys(button("history", t.history, () => at.show("history", {}), { class: "quiet" })));
}

function unplugged(_, at) {
  return h("section", { class: "glass dead-screen", "data-screen": "unplugged" },
    h("h3", { class: "headline unseen", tabindex: -1 }, at.t.unplugged),
    h("p", {}, icon("plug"), at.t.unplugged),
    keys(button("plug-in", at.t.plug_in, () => at.power(true))));
}

function confirm({ order, done, cancel }, at) {
  const { t } = at;
  const number = order.biz.merchant_order_no;
  return frame("confirm", t.confirm_title, bill(order, at),
    h("dl", { class: "facts" },
      number && row(t.order_number, number),
      order.biz.orig_merchant_order_no && row(t.original, order.biz.orig_merchant_order_no),
      row(t.store, at.store)),
    keys(button("confirm", t.confirm, () => done()), button("cancel", t.cancel, cancel, { class: "quiet" })));
}

function tip({ order, done, cancel }, at) {
  const { t } = at;
  const choice = (name, label, amount) =>
    h("button", { type: "button", class: "choice", "data-act": name, onclick: () => done(amount) }, h("strong", {}, label), h("span", {}, shown(amount, order.currency)));
  const other = h("form", { class: "other", hidden: true, onsubmit: (event) => typed(event) },
    h("label", { for: `${at.id}-tip` }, t.tip_amount),
    h("input", { id: `${at.id}-tip`, name: "tip", inputmode: "decimal", autocomplete: "off", maxlength: 12, "aria-describedby": `${at.id}-tip-problem` }),
    h("p", { class: "problem", id: `${at.id}-tip-problem`, role: "alert" }),
    h("button", { class: "button", "data-act": "tip-apply" }, t.apply));
  const typed = (event) => {
    event.preventDefault();
    const amount = minor(other.elements.tip.value.replace(",", "."), order.currency);
    const fits = amount !== null && amount <= order.amount * 2n;
    other.elements.tip.setAttribute("aria-invalid", String(!fits));
    if (fits) return done(amount);
    other.querySelector(".problem").textContent = amount === null ? t.tip_bad : t.tip_much;
    other.elements.tip.focus();
  };
  const open = () => {
    other.hidden = false;
    other.elements.tip.focus();
  };
  return frame("tip", t.tip_title, bill(order, at),
    h("div", { class: "presets" }, PRESETS.map((of) => choice(`tip-${of}`, `${of}%`, percent(order.amount, of)))),
    h("div", { class: "pair" },
      button("tip-other", t.tip_other, open, { class: "quiet" }),
      button("tip-none", t.tip_none, () => done(0n), { class: "quiet" })),
    other,
    keys(button("cancel", t.cancel, cancel, { class: "plain" })));
}

function qr({ order, cancel }, at) {
  const { t } = at;
  const text = order.biz.qr_code ?? "";
  const source = `${at.qr_url}?text=${encodeURIComponent(text)}`;
  return frame("qr", t.qr_title, bill(order, at),
    h("div", { class: "qr-frame" }, h("img", { class: "qr-picture", src: source, alt: t.qr_alt, width: 240, height: 240 })),
    h("p", { class: "hint center" }, order.biz.pay_method_id ? fill(t.qr_with, order.biz.pay_method_id) : t.qr_body),
    keys(button("cancel", t.cancel, cancel, { class: "quiet" })));
}

function scan({ order, done, cancel, problem }, at) {
  const { t } = at;
  const wallet = WALLETS[order.biz.pay_method_id] ?? "alipay";
  const says = h("p", { class: "problem", id: `${at.id}-scan-problem`, role: "alert" }, problem && `${t.scan_refused} ${problem}`);
  const field = h("input", { id: `${at.id}-scan`, name: "code", inputmode: "numeric", autocomplete: "off", maxlength: 64, "aria-describedby": says.id });
  const form = h("form", { class: "scan-form", onsubmit: (event) => send(event) },
    h("label", { for: field.id }, t.scan_label), field, says,
    h("button", { class: "button", "data-act": "scan" }, t.scan_send));
  const send = (event) => {
    event.preventDefault();
    const code = field.value.replace(/\s/g, "");
    if (code) return done(code);
    says.textContent = t.scan_empty;
    field.focus();
  };
  const fetchCode = async () => {
    try {
      const headers = { "Content-Type": "application/json" };
      const answer = await fetch(at.payer_code_url, { method: "POST", headers, body: JSON.stringify({ wallet }) });
      field.value = (await answer.json()).code ?? "";
      says.textContent = answer.ok ? "" : t.scan_no_code;
    } catch {
      says.textContent = t.scan_no_code;
    }
    field.focus();
  };
  return frame("scan", t.scan_title, bill(order, at),
    h("div", { class: "scanner", "aria-hidden": "true" }, h("span", {})),
    form,
    keys(button("fetch-code", fill(t.scan_fetch, order.biz.pay_method_id ?? "Alipay"), fetchCode, { class: "quiet" }),
      button("cancel", t.cancel, cancel, { class: "plain" })));
}

function processing({ order }, at) {
  const { t } = at;
  return frame("processing", t.processing, bill(order, at),
    h("div", { class: "busy" }, sign("busy"), h("p", { class: "hint" }, t.processing_body), h("progress", { "aria-label": t.processing })));
}

function checking({ entry }, at) {
  const { t } = at;
  const asks = ["107", "108", "109", "999"].includes(entry.result.code);
  return frame("checking", asks ? t.checking : t.ending,
    h("div", { class: "busy" }, sign("busy"), h("p", { class: "hint" }, asks ? t.checking_body : t.ending_body), h("p", { class: "code" }, `${entry.result.code} · ${entry.trade_no}`)),
    keys(button("done", t.back, () => at.flow.idle(), { class: "quiet" })));
}

function outcome({ entry, by_register }, at) {
  const { t } = at;
  const { status, result, settled, order } = entry;
  const kind = { 2: "void", 3: "refund", 4: "authorization", 6: "completion" }[order.trans_type];
  const title = status === "approved" && kind ? t[`approved_${kind}`] : t[`status_${status}`];
  const body = by_register ? t.by_register : t[`body_${status}`];
  const { currency, sum } = moved(entry);
  const words = settled?.message || result?.biz?.processor_msg || "";
  const code = result?.biz?.processor_code;
  return frame("outcome", title,
    h("div", { class: `verdict ${status}`, "data-status": status }, sign(STATUS_SIGNS[status] ?? "none"),
      h("p", { class: "verdict-sum number" }, shown(sum, currency)),
      h("p", { class: "hint" }, body),
      (words || code) && h("p", { class: "issuer" }, [code, words].filter(Boolean).join(" · ")),
      result?.biz?.auth_code && h("p", { class: "hint" }, `${t.auth_code} ${result.biz.auth_code}`)),
    keys(button("done", t.done, () => at.flow.seen(entry))));
}

function history(_, at) {
  const { t } = at;
  const entries = at.journal.recent();
  const line = (entry) => {
    const { currency, sum } = moved(entry);
    const status = STATUS_SIGNS[entry.status] ?? "none";
    const kind = { 2: "void", 3: "refund", 4: "authorization", 6: "completion", 11: "cashback" }[entry.order.trans_type] ?? "sale";
    return h("li", { "data-trade-no": entry.trade_no, "data-status": entry.status },
      h("button", { type: "button", class: "past", onclick: () => at.show("paper", { entry, again: true }), disabled: entry.status !== "approved" },
        sign(status),
        h("span", { class: "what" }, h("strong", {}, `${t[`kind_${kind}`]} · ${t[`status_${entry.status}`]}`),
          h("span", {}, at.time(entry.at), " · ", entry.result?.biz?.card_no ?? entry.settled?.pay_method_id ?? entry.order.merchant_order_no ?? entry.trade_no)),
        h("span", { class: "number" }, shown(sum, currency)),
        !entry.confirmed && h("span", { class: "chip late" }, t.unconfirmed)));
  };
  return frame("history", t.history,
    entries.length ? h("ol", { class: "past-orders" }, entries.map(line)) : h("p", { class: "hint center" }, t.history_empty),
    keys(button("done", t.back, () => at.flow.idle(), { class: "quiet" })));
}
