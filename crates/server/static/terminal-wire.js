// The terminal's end of the socket: says who it is, keeps the heart beating, comes back after a break.
// What the frames mean is not known here.

const ANSWER_MS = 15_000;
/** Where coming back by itself would be wrong: the state each close code leaves the terminal in. */
const STAYS_CLOSED = { 4401: "refused", 4409: "taken", 4410: "retired" };
const BACKOFF_S = [1, 2, 4, 8, 15];
/** Long and secret things do not belong on a screen. */
const HIDDEN = { secret: "•••", signature: (text) => `PNG, ${text.length} characters` };

export const MESSAGES = {
  "000": "success", 101: "in progress", 102: "cancelled", 104: "does not exist", 106: "failed", 107: "timeout",
  108: "unknown", 109: "network", 110: "operator cancelled", 111: "card timeout", 112: "QR timeout",
  114: "type unsupported", 115: "rejected", 117: "scenario unsupported", 121: "amount format", 201: "close failed",
  202: "parameter error",
};

export class Wire {
  /** `off`, `connecting`, `online`, `refused` (4401), `taken` (4409) or `retired` (4410). */
  state = "off";
  /** What the gateway said about this terminal. */
  known = null;
  /** The gateway's clock minus ours. */
  ahead_ms = 0;
  #socket = null;
  #pending = new Map();
  #failures = 0;
  #retry_at = Infinity;
  #said_at = 0;
  #heard_at = 0;
  #beat_ms = 20_000;

  /** hooks: answer(topic, biz) for each request, changed() of the state, online(), logged(frame). */
  constructor(address, identity, hooks) {
    this.address = new URL(address, location.href);
    this.address.protocol = this.address.protocol.replace("http", "ws");
    this.identity = identity;
    this.hooks = hooks;
  }

  open() {
    this.#failures = 0;
    this.#connect();
  }

  close() {
    const socket = this.#socket;
    this.#left("off");
    socket?.close(1000);
  }

  /** Once a second: what is due. */
  tick() {
    const now = performance.now();
    if (this.state === "connecting" && now >= this.#retry_at) this.#connect();
    if (this.state !== "online") return;
    if (now - this.#heard_at > 3 * this.#beat_ms) return this.#lost();
    if (now - this.#said_at >= this.#beat_ms - 500) this.request("ecrhub.heartbeat", {});
  }

  /** The answer, or null if none came. */
  request(topic, biz, request_id = number()) {
    const said = this.#say({ topic, request_id, timestamp: String(Date.now()), version: "1.0", biz_data: biz });
    if (!said) return Promise.resolve(null);
    return new Promise((done) => {
      const end = (answer) => {
        clearTimeout(timer);
        this.#pending.delete(request_id);
        done(answer);
      };
      const timer = setTimeout(end, ANSWER_MS, null);
      this.#pending.set(request_id, end);
    });
  }

  /** False if there is nobody to hear it. */
  answer(topic, request_id, { code, message, biz = {} }) {
    const response_msg = message || MESSAGES[code] || "unknown";
    return this.state === "online" && this.#say({ topic, request_id, response_code: code, response_msg, biz_data: biz });
  }

  #connect() {
    this.#left("connecting");
    const socket = new WebSocket(this.address);
    this.#socket = socket;
    socket.onopen = () => this.#introduce(socket);
    socket.onmessage = (event) => this.#heard(socket, event.data);
    socket.onclose = (event) => this.#closed(socket, event);
  }

  async #introduce(socket) {
    this.#heard_at = performance.now();
    const answer = await this.request("ecrhub.init", this.identity);
    if (socket !== this.#socket) return;
    if (answer?.response_code !== "000") {
      // A secret that is wrong ends with 4401 at once; anything else may be a gateway in trouble.
      this.#retry_at = performance.now() + 5000;
      return;
    }
    this.known = answer.biz_data ?? {};
    this.#beat_ms = 1000 * (Number(this.known.heartbeat_s) || 20);
    if (Number(this.known.time)) this.ahead_ms = Number(this.known.time) - Date.now();
    this.#failures = 0;
    this.#become("online");
    this.hooks.online();
  }

  #heard(socket, text) {
    if (socket !== this.#socket) return;
    this.#heard_at = performance.now();
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      frame = null;
    }
    if (typeof frame?.topic !== "string") return socket.close(4400);
    this.#log("in", frame);
    if (frame.response_code !== undefined) return this.#pending.get(String(frame.request_id))?.(frame);
    this.answer(frame.topic, frame.request_id, this.hooks.answer(frame.topic, frame.biz_data ?? {}));
  }

  #closed(socket, event) {
    if (socket !== this.#socket) return;
    const state = STAYS_CLOSED[event.code];
    this.hooks.logged({ way: "end", topic: "close", code: String(event.code), frame: { reason: event.reason }, at: new Date() });
    if (state) return this.#left(state);
    this.#lost();
  }

  /** The connection is no use any more: another one, after a while. */
  #lost() {
    const socket = this.#socket;
    this.#left("connecting");
    socket?.close();
    const pause_s = BACKOFF_S[Math.min(this.#failures, BACKOFF_S.length - 1)];
    this.#failures += 1;
    this.#retry_at = performance.now() + 1000 * pause_s - 500;
  }

  #left(state) {
    this.#socket = null;
    this.#retry_at = Infinity;
    for (const end of [...this.#pending.values()]) end(null);
    this.#become(state);
  }

  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.hooks.changed();
  }

  #say(frame) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    this.#said_at = performance.now();
    this.#log("out", frame);
    return true;
  }

  #log(way, frame) {
    const biz = { ...frame.biz_data };
    for (const [name, instead] of Object.entries(HIDDEN)) {
      if (biz[name]) biz[name] = typeof instead === "string" ? instead : instead(biz[name]);
    }
    this.hooks.logged({ way, topic: frame.topic, code: frame.response_code, frame: { ...frame, biz_data: biz }, at: new Date() });
  }
}

let counted = 0;

/** Of a request of ours. `crypto.randomUUID` is missing on a plain http address in the local network. */
function number() {
  counted += 1;
  return `${Date.now().toString(36)}${counted.toString(36).padStart(4, "0")}`;
}
