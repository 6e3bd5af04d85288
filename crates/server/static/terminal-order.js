// An order as the terminal reads it off the wire, and what goes back about it.

import { decimal, minor } from "./terminal-money.js";

const KINDS = { 1: "sale", 2: "void", 3: "refund", 4: "authorization", 6: "completion", 11: "cashback" };
const ACTIONS = { completion: "capture", void: "void", refund: "refund" };
const SCENARIOS = ["SWIPE_CARD", "SCANQR_PAY", "BSCANQR_PAY"];
/** Ways in, in the acquirer's words. */
const ENTRIES = { swipe: 1, chip: 2, contactless: 3, manual: 4 };

/** `{ order }`, or `{ code, message }` that says why it cannot be taken. */
export function readOrder(biz) {
  const kind = KINDS[Number(biz.trans_type)];
  const currency = String(biz.price_currency ?? "");
  const [amount, tip, cashback] = [biz.order_amount, biz.tip_amount || "0", biz.cashback_amount || "0"].map((text) => minor(text, currency));
  const acts_on = biz.orig_trade_no || null;
  const scenario = biz.pay_scenario ?? "SWIPE_CARD";
  if (!biz.trade_no) return { code: "202", message: "trade_no is missing" };
  if (!kind) return { code: "114", message: `trans_type ${biz.trans_type}` };
  if (!SCENARIOS.includes(scenario)) return { code: "117", message: `pay_scenario ${scenario}` };
  const is_qr = scenario !== "SWIPE_CARD" && !acts_on;
  if (is_qr && kind !== "sale") return { code: "117", message: `${kind} by code` };
  if (amount === null || tip === null || cashback === null) return { code: "121" };
  if ((kind === "void" || kind === "completion") && !acts_on) return { code: "202", message: "orig_trade_no is missing" };
  const left_ms = Number(biz.expires) > 0 ? 1000 * Number(biz.expires) : Infinity;
  const order = {
    biz, kind, currency, amount, tip, cashback, acts_on, scenario, is_qr,
    trade_no: String(biz.trade_no),
    ends_at: performance.now() + left_ms,
    /** From here on it may have been charged, and nothing takes it off the screen but the answer. */
    asked: false,
    stop: () => {},
  };
  order.needs_card = !order.is_qr && !acts_on;
  // A tip is the payer's to give where money comes in, unless the register has asked for it already.
  order.asks_tip = Boolean(biz.on_screen_tip) && order.needs_card && kind !== "refund" && tip === 0n;
  order.asks_manager = Boolean(biz.required_terminal_authentication) && (kind === "void" || kind === "refund");
  return { order };
}

export const total = (order) => order.amount + order.tip + order.cashback;

/** What the acquirer is asked. A card only where the order before does not say which; its expiry where it was keyed in. */
export function question(order, card, pin) {
  const text = (amount) => decimal(amount, order.currency);
  return {
    trade_no: order.trade_no,
    ...(order.acts_on ? { orig_trade_no: order.acts_on } : {}),
    action: ACTIONS[order.kind] ?? "authorize",
    is_capture: order.kind !== "authorization",
    amount: text(total(order)),
    tip: text(order.tip),
    cashback: text(order.cashback),
    currency: order.currency,
    ...(card ? { pan: card.pan } : {}),
    ...(card?.expiry ? { expiry: card.expiry } : {}),
    ...(pin ? { pin } : {}),
    entry: card?.entry ?? "manual",
  };
}

/** `biz_data` of a result that says the money has moved. */
export function paidResult(order, card, answer, ahead_ms) {
  const text = (amount) => decimal(amount, order.currency);
  return {
    trade_no: order.trade_no,
    trans_amount: text(total(order)),
    ...(order.tip > 0n ? { tip_amount: text(order.tip) } : {}),
    ...(order.cashback > 0n ? { cashback_amount: text(order.cashback) } : {}),
    pay_method_id: answer.brand,
    card_type: answer.card_type,
    card_no: answer.card_no,
    auth_code: answer.auth_code,
    ref_no: answer.ref_no,
    entry_mode: answer.entry_mode ?? ENTRIES[card?.entry] ?? 4,
    trans_end_time: utc(new Date(Date.now() + ahead_ms)),
  };
}

const utc = (time) => time.toISOString().slice(0, 19).replace("T", " ");

/** Asks the acquirer: `{ answer }`, or `{ code, message }` of a result. 107 and 109: the terminal does not know. */
export async function askAcquirer(address, body, signal) {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), 30_000);
  signal.addEventListener("abort", () => timeout.abort());
  try {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(body), signal: timeout.signal });
    if (answer.ok) return { answer: await answer.json() };
    // Not taken at all; anything else may have been carried out.
    if (answer.status >= 400 && answer.status < 500) {
      const said = await answer.json().catch(() => ({}));
      return { code: "106", message: said.error ?? `HTTP ${answer.status}` };
    }
    return { code: "107" };
  } catch (problem) {
    return { code: problem instanceof TypeError ? "109" : "107" };
  } finally {
    clearTimeout(timer);
  }
}

/** What moved, of an order that ended. */
export function moved(entry) {
  const { order, result, settled } = entry;
  const currency = order.price_currency ?? "";
  const read = (text) => minor(text, currency);
  const tip_amount = read(entry.tip_amount ?? result?.biz?.tip_amount ?? order.tip_amount ?? "0") ?? 0n;
  const cashback = read(result?.biz?.cashback_amount ?? order.cashback_amount ?? "0") ?? 0n;
  const amount = read(order.order_amount) ?? 0n;
  const sum = amount + tip_amount + cashback;
  const said = entry.tip_amount ? null : read(settled?.trans_amount ?? result?.biz?.trans_amount);
  return { currency, amount, tip: tip_amount, cashback, sum: said || sum };
}
