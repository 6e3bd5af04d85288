// One order after the other: which screen comes when, when a card is charged, what the gateway is told.
// An order runs as one function that waits for people; whatever ends it from outside makes that wait fail.

import { askAcquirer, paidResult, question, readOrder } from "./terminal-order.js";

const REPEAT_MS = 10_000;
/** The terminal does not know whether money moved. */
const UNSURE = ["107", "108", "109", "999"];
const SETTLED = { 1: "declined", 2: "approved", 3: "taken_back" };
/** These end an order without money and stay what they are when the gateway agrees. */
const UNPAID = ["declined", "cancelled", "expired"];
const ENDINGS = { "000": "approved", 102: "cancelled", 110: "cancelled", 111: "expired", 112: "expired" };

class Stopped extends Error {
  /** Without a code nobody needs to be told. */
  constructor(code) {
    super(`stopped ${code}`);
    this.code = code;
  }
}

export class Flow {
  current = null;
  plugged = true;
  #watching = null;
  #papers = [];
  #due = new Map();
  #late = new Set();

  /** With: wire, journal, screen { show(name, model), is_idle() }, bad { decline, twice, late_s }, card_url. */
  constructor(parts) {
    Object.assign(this, parts);
  }

  /** Power on: what was being charged when the power went is not known. */
  boot() {
    this.plugged = true;
    this.journal.read();
    for (const entry of this.journal.entries) {
      if (entry.state === "asked") this.#end(entry.trade_no, entry.charged ?? { code: "107" });
    }
    this.wire.open();
    this.idle();
  }

  /** Forgets what is on the screen, not what was charged. */
  unplug() {
    this.plugged = false;
    const order = this.current;
    this.current = this.#watching = null;
    this.#papers = [];
    this.#due.clear();
    this.#late.clear();
    this.wire.close();
    order?.stop(null);
    this.screen.show("unplugged", {});
  }

  /** Back to the waiting screen, or to what is still to be printed. */
  idle() {
    this.#watching = null;
    const paper = this.#papers.shift();
    if (paper) this.screen.show("paper", paper);
    else this.screen.show("waiting", {});
  }

  /** Somebody has seen how it ended. */
  seen(entry) {
    const prints = entry.status === "approved" && Number(entry.order.receipt_print_mode) > 0;
    if (prints) this.screen.show("paper", { entry });
    else this.idle();
  }

  /** By a key, by the clock: only as long as no card was charged. */
  cancel(code) {
    if (this.current && !this.current.asked) this.current.stop(code);
  }

  tick() {
    const order = this.current;
    if (order && !order.asked && performance.now() >= order.ends_at) this.cancel(order.is_qr ? "112" : "111");
    if (this.wire.state !== "online") return;
    for (const entry of this.journal.unconfirmed()) {
      if (performance.now() >= (this.#due.get(entry.trade_no) ?? 0)) this.#tell(entry);
    }
  }

  /** The connection is back: nobody knows what of the last words arrived, or whether the order on the screen has ended. */
  online() {
    const order = this.current;
    if (order) this.wire.answer("ecrhub.pay.order", order.trade_no, { code: "101", biz: { trade_no: order.trade_no } });
    for (const entry of this.journal.unconfirmed()) {
      if (!this.#late.has(entry.trade_no)) this.#due.delete(entry.trade_no);
    }
    this.tick();
  }

  /** What the gateway asked, answered at once. */
  answer(topic, biz) {
    switch (topic) {
      case "ecrhub.pay.order":
        return this.#taken(biz);
      case "ecrhub.pay.result":
        return this.#settled(biz);
      case "ecrhub.pay.query":
        return this.#asked(biz.trade_no);
      case "ecrhub.pay.close":
        return this.#closed(biz.trade_no);
      case "ecrhub.pay.batch.close":
        return this.#print({ batch: biz });
      case "ecrhub.pay.tip.adjustment":
        return this.#tipped(biz);
      case "ecrhub.pay.reprint":
        return this.journal.get(biz.trade_no) ? this.#print({ entry: this.journal.get(biz.trade_no), again: true }) : { code: "104" };
      default:
        return { code: "202", message: `unknown topic ${topic}` };
    }
  }

  #taken(biz) {
    const known = this.journal.get(biz.trade_no);
    if (known?.state === "ended") return known.result;
    if (this.current?.trade_no === biz.trade_no) return { code: "101" };
    if (this.current) return { code: "106", message: "another order is on the screen" };
    const { order, ...problem } = readOrder(biz);
    if (!order) return problem;
    this.current = order;
    this.#watching = null;
    this.journal.put(order.trade_no, { order: biz, at: Date.now() });
    this.#run(order);
    return { code: "101" };
  }

  /** A result is overdue. An order nobody knows is never begun after that. */
  #asked(trade_no) {
    const known = this.journal.get(trade_no);
    if (known?.state === "ended") return known.result;
    if (this.current?.trade_no === trade_no) return { code: "101" };
    return this.#never(trade_no);
  }

  #closed(trade_no) {
    const [known, order] = [this.journal.get(trade_no), this.current];
    if (order?.trade_no === trade_no && !order.asked) {
      this.#refuse(trade_no, "cancelled");
      this.current = null;
      order.stop(null);
      this.screen.show("outcome", { entry: this.journal.get(trade_no), by_register: true });
      return { code: "000" };
    }
    if (order?.trade_no === trade_no) return { code: "201" };
    if (known?.state !== "ended") return this.#never(trade_no);
    if (UNPAID.includes(known.status)) return { code: "000" };
    this.journal.put(trade_no, { confirmed: false });
    this.#due.delete(trade_no);
    return { code: "201" };
  }

  #never(trade_no) {
    if (trade_no) this.#refuse(trade_no, "cancelled");
    return { code: "104" };
  }

  #refuse(trade_no, status) {
    this.journal.put(trade_no, { state: "ended", status, confirmed: true, result: { code: "102", biz: { trade_no } } });
  }

  /** How it ended, whoever said so: takes it off the screen and is the receipt for our result. */
  #settled(biz) {
    const order = this.current?.trade_no === biz.trade_no ? this.current : null;
    const known = this.journal.get(biz.trade_no);
    if (!known) return { code: "000" };
    let status = SETTLED[biz.trans_status] ?? known.status;
    if (status === "declined" && UNPAID.includes(known.status)) status = known.status;
    const changed = known.status !== status;
    const ours = known.state === "ended" ? known.result : known.charged;
    const result = ours ?? { code: status === "approved" ? "000" : "106", biz: { trade_no: biz.trade_no } };
    const entry = this.journal.put(biz.trade_no, { state: "ended", confirmed: true, status, result, settled: biz });
    this.#due.delete(biz.trade_no);
    if (order) {
      order.settled = true;
      this.current = null;
      order.stop(null);
    }
    const news = changed && !this.current;
    if (order || this.#watching === biz.trade_no || news) {
      this.#watching = null;
      this.screen.show("outcome", { entry });
    }
    return { code: "000" };
  }

  #tipped(biz) {
    const known = this.journal.get(biz.trade_no);
    if (!known) return { code: "104" };
    return this.#print({ entry: this.journal.put(biz.trade_no, { tip_amount: biz.tip_amount }), adjusted: true });
  }

  #print(paper) {
    this.#papers.push(paper);
    if (this.plugged && !this.current && this.screen.is_idle()) this.idle();
    return { code: "000" };
  }

  async #run(order) {
    let end;
    try {
      end = await this.#steps(order);
    } catch (problem) {
      if (problem instanceof Stopped) end = problem.code && { code: problem.code };
      else {
        console.error(problem);
        end = { code: order.asked ? "107" : "106", message: String(problem) };
      }
    }
    if (!end || !this.plugged) return;
    const entry = this.#end(order.trade_no, end);
    if (this.current === order) {
      this.current = null;
      // What a QR code brought, and what the acquirer did in silence, only the gateway can say.
      const unsure = order.is_qr || UNSURE.includes(end.code);
      this.#watching = unsure ? order.trade_no : null;
      this.screen.show(unsure ? "checking" : "outcome", { entry });
    }
    this.tick();
  }

  /** What becomes of the order, as a result for the gateway. */
  async #steps(order) {
    if (order.asks_manager) await this.#ask(order, "manager");
    if (order.biz.confirm_on_terminal) await this.#ask(order, "confirm");
    if (order.scenario === "SCANQR_PAY" && order.is_qr) await this.#ask(order, "qr");
    if (order.scenario === "BSCANQR_PAY" && order.is_qr) await this.#scan(order);
    if (order.asks_tip) order.tip = await this.#ask(order, "tip");
    const card = order.needs_card ? await this.#ask(order, "card") : null;
    const asks_pin = card?.asks_pin && card.entry !== "manual";
    const pin = asks_pin ? await this.#ask(order, "pin", { card }) : null;
    const end = await this.#charge(order, card, pin);
    if (end.code !== "000" || !order.biz.on_screen_signature || order.settled) return end;
    // Charged is charged, also if the power goes while somebody signs.
    this.journal.put(order.trade_no, { charged: end });
    const signature = await this.#ask(order, "signature", { card, answer: end.biz });
    if (signature) end.biz.signature = signature;
    return end;
  }

  async #charge(order, card, pin) {
    order.asked = true;
    const aborter = new AbortController();
    // Only losing its power keeps a terminal from hearing the answer.
    order.stop = () => this.plugged || aborter.abort();
    this.journal.put(order.trade_no, { state: "asked" });
    this.screen.show("processing", { order, card });
    if (this.bad.decline) {
      await new Promise((wake) => setTimeout(wake, 900));
      return { code: "115", message: "DO NOT HONOR", biz: { trade_no: order.trade_no, processor_code: "05", processor_msg: "DO NOT HONOR" } };
    }
    const { answer, ...problem } = await askAcquirer(this.card_url, question(order, card, pin), aborter.signal);
    if (aborter.signal.aborted) throw new Stopped(null);
    if (!answer) return problem;
    if (answer.approved) return { code: "000", biz: paidResult(order, card, answer, this.wire.ahead_ms) };
    const said = { processor_code: answer.response_code, processor_msg: answer.response_msg };
    return { code: "115", message: answer.response_msg, biz: { trade_no: order.trade_no, ...said } };
  }

  /** The gateway charges the code we scan; we hear how it went. A code it does not take may be another one next. */
  async #scan(order) {
    for (let problem = ""; ; ) {
      const payer_code = await this.#ask(order, "scan", { problem });
      order.asked = true;
      const over = new Promise((_, stop) => (order.stop = (code) => stop(new Stopped(code))));
      this.screen.show("processing", { order });
      const answer = await Promise.race([over, this.#scanned(order, payer_code)]);
      if (!answer || answer.response_code === "101") await over;
      order.asked = false;
      problem = `${answer.response_code} ${answer.response_msg}`;
    }
  }

  /** Said again until it was heard: what is charged under one trade_no is charged once. */
  async #scanned(order, payer_code) {
    while (this.plugged && !order.settled) {
      const answer = await this.wire.request("ecrhub.pay.scan", { trade_no: order.trade_no, payer_code });
      if (answer) return answer;
      await new Promise((wake) => setTimeout(wake, 2000));
    }
    return null;
  }

  /** Shows a screen and waits for what people do there. */
  #ask(order, name, more = {}) {
    return new Promise((done, fail) => {
      order.stop = (code) => fail(new Stopped(code));
      this.screen.show(name, { order, done, cancel: () => this.cancel("102"), ...more });
    });
  }

  #end(trade_no, result) {
    const status = ENDINGS[result.code] ?? (UNSURE.includes(result.code) ? "unknown" : "declined");
    const told = { biz: { trade_no }, ...result };
    const entry = this.journal.put(trade_no, { state: "ended", confirmed: false, status, result: told });
    if (this.bad.late_s > 0) {
      this.#late.add(trade_no);
      this.#due.set(trade_no, performance.now() + 1000 * this.bad.late_s);
    }
    return entry;
  }

  #tell(entry) {
    this.#late.delete(entry.trade_no);
    this.#due.set(entry.trade_no, performance.now() + REPEAT_MS);
    for (let times = this.bad.twice ? 2 : 1; times > 0; times -= 1) {
      this.wire.answer("ecrhub.pay.order", entry.trade_no, entry.result);
    }
  }
}
