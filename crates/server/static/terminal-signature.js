// The cardholder signs with a finger, a pen or a mouse. The picture is a small PNG: black lines on white.

import { button, h } from "./terminal-dom.js";
import { bill, frame, keys } from "./terminal-frame.js";

/** Of the base64 text, in characters. */
const MOST = 24 * 1024;
const [WIDTH, HEIGHT] = [560, 240];

export function signatureScreen({ order, done, card }, at) {
  const { t } = at;
  const canvas = h("canvas", { class: "signing", width: WIDTH, height: HEIGHT, "data-signature": true, role: "img", "aria-label": t.sign_area });
  const problem = h("p", { class: "problem", role: "alert" });
  let strokes = [];
  const redraw = () => draw(canvas, strokes, 1);
  follow(canvas, (point, first) => {
    if (first) strokes.push([]);
    strokes.at(-1)?.push(point);
    problem.textContent = "";
    redraw();
  });
  const clear = () => {
    strokes = [];
    redraw();
  };
  const signForMe = () => {
    strokes = [flourish()];
    redraw();
  };
  const send = () => {
    if (!strokes.some((stroke) => stroke.length > 1)) return void (problem.textContent = t.sign_empty);
    done(encode(strokes));
  };
  redraw();
  return frame("signature", t.sign_title, bill(order, at),
    h("p", { class: "hint center" }, card ? `${card.brand ?? ""} •••• ${card.pan.slice(-4)}` : t.sign_body),
    h("div", { class: "sign-box" }, canvas, h("span", { class: "cross", "aria-hidden": "true" }, "✕")), problem,
    h("div", { class: "pair" }, button("sign-clear", t.clear, clear, { class: "quiet" }), button("sign-sample", t.sign_sample, signForMe, { class: "quiet" })),
    keys(button("sign", t.sign_done, send), button("sign-skip", t.sign_skip, () => done(null), { class: "plain" })));
}

/** Calls `point([x, y], is_first)` in the canvas' own pixels while something draws on it. */
function follow(canvas, point) {
  let pointer = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * WIDTH) / box.width, ((event.clientY - box.top) * HEIGHT) / box.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    pointer = event.pointerId;
    // An invented event has no pointer to hold.
    if (event.isTrusted) canvas.setPointerCapture(pointer);
    point(at(event), true);
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => event.pointerId === pointer && point(at(event), false));
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (pointer = null));
}

function draw(canvas, strokes, scale) {
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  Object.assign(pen, { strokeStyle: "#10182a", lineWidth: 3.2 * scale, lineCap: "round", lineJoin: "round" });
  for (const stroke of strokes) {
    pen.beginPath();
    stroke.forEach(([x, y], place) => (place === 0 ? pen.moveTo(x * scale, y * scale) : pen.lineTo(x * scale, y * scale)));
    pen.stroke();
  }
}

/** Smaller and smaller until it fits. */
function encode(strokes) {
  for (const scale of [0.75, 0.5, 0.35, 0.2]) {
    const canvas = h("canvas", { width: WIDTH * scale, height: HEIGHT * scale });
    draw(canvas, strokes, scale);
    const text = canvas.toDataURL("image/png").split(",")[1] ?? "";
    if (text.length <= MOST) return text;
  }
  return null;
}

/** For keyboards and for tests: something that looks signed. */
function flourish() {
  return Array.from({ length: 90 }, (_, step) => {
    const way = step / 89;
    return [70 + 400 * way, 120 + 62 * Math.sin(way * 26) * (1 - way) - 20 * Math.sin(way * 7)];
  });
}
