// What a terminal must not forget when its plug is pulled: which orders a card was charged for, how they ended,
// and which results nobody has confirmed yet. Kept in localStorage, one text per terminal.

const KEPT = 30;

export class Journal {
  constructor(sn) {
    this.key = `tillgate.terminal.${sn}`;
    this.read();
  }

  /** As another window of the same terminal may have left it. */
  read() {
    this.entries = [];
    try {
      const kept = JSON.parse(localStorage.getItem(this.key) ?? "[]");
      if (Array.isArray(kept)) this.entries = kept.filter((entry) => typeof entry?.trade_no === "string");
    } catch {
      // Unreadable, or a browser that keeps nothing: an empty journal.
    }
  }

  get(trade_no) {
    return this.entries.find((entry) => entry.trade_no === trade_no);
  }

  /** Writes what is new about an order, newest order first. */
  put(trade_no, news) {
    let entry = this.get(trade_no);
    if (!entry) {
      entry = { trade_no, at: Date.now(), order: {}, state: "taken", status: "open" };
      this.entries.unshift(entry);
    }
    Object.assign(entry, news);
    this.#write();
    return entry;
  }

  /** Results to be repeated until the gateway says how the order ended. */
  unconfirmed() {
    return this.entries.filter((entry) => entry.state === "ended" && !entry.confirmed);
  }

  /** For people: orders that came to the screen. */
  recent() {
    return this.entries.filter((entry) => entry.order.trans_type !== undefined && entry.status !== "open");
  }

  #write() {
    let places = KEPT;
    this.entries = this.entries.filter((entry) => {
      places -= 1;
      return places >= 0 || (entry.state === "ended" && !entry.confirmed) || entry.state === "asked";
    });
    try {
      localStorage.setItem(this.key, JSON.stringify(this.entries));
    } catch {
      // No room or not allowed: it lives as long as the page.
    }
  }
}
