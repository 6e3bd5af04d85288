// Elements by code. Texts from outside only ever become text nodes and attributes.

const SVG = "http://www.w3.org/2000/svg";

/** An element with its attributes and children: `onclick` listens, true is an attribute without a value. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const SIGNS = {
  good: ["M14.5 24.8l6.6 6.6 12.6-13.6", "stroke"],
  bad: ["M16.5 16.5l15 15M31.5 16.5l-15 15", "stroke"],
  late: ["M24 13v11.5l7.5 4.5", "stroke"],
  wait: ["M15 24h.01M24 24h.01M33 24h.01", "dots"],
  none: ["M15 24h18", "stroke"],
};

/** The drawn signs of the other pages: good, bad, late, busy, wait, none. */
export function sign(kind) {
  const [path, line] = SIGNS[kind] ?? SIGNS.none;
  const parts =
    kind === "busy"
      ? [svg("circle", { class: "track", cx: 24, cy: 24, r: 20 }), svg("path", { class: "turn", d: "M24 4a20 20 0 0 1 20 20" })]
      : [svg("circle", { class: "disc", cx: 24, cy: 24, r: 22 }), svg("path", { class: line, pathLength: 1, d: path })];
  return svg("svg", { class: `sign ${kind}`, viewBox: "0 0 48 48", "aria-hidden": "true" }, ...parts);
}

const ICONS = {
  tap: "M12 30a10 10 0 0 0 0-12M18 34a17 17 0 0 0 0-20M24 38a24 24 0 0 0 0-28M30 42a31 31 0 0 0 0-36",
  insert: "M14 4h20v22H14zM20 10h8v6h-8zM4 34h40M10 34v8h28v-8M24 26v12",
  swipe: "M6 12h30v22H6zM6 18h30M42 8v32M12 28h8",
  keys: "M8 6h8v8H8zM20 6h8v8h-8zM32 6h8v8h-8zM8 20h8v8H8zM20 20h8v8h-8zM32 20h8v8h-8zM8 34h8v8H8zM20 34h8v8h-8zM32 34h8v8h-8z",
  shop: "M8 20v22h32V20M5 20l4-12h30l4 12zM19 42V30h10v12",
  link: "M6 18a26 26 0 0 1 36 0M12 25a17 17 0 0 1 24 0M18 32a8.5 8.5 0 0 1 12 0M24 39h.01",
  plug: "M16 6v10M32 6v10M10 16h28v8a14 14 0 0 1-28 0zM24 38v6",
  list: "M8 12h4M20 12h20M8 24h4M20 24h20M8 36h4M20 36h20",
};

export function icon(name) {
  return svg("svg", { class: `icon ${name}`, viewBox: "0 0 48 48", "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));
}

/** `{}` in a text stands for the one value put there. */
export const fill = (text, value) => text.replace("{}", () => String(value));

export function button(act, label, press, more = {}) {
  const { class: look = "", ...rest } = more;
  return h("button", { type: "button", class: `button ${look}`.trim(), "data-act": act, onclick: press, ...rest }, label);
}
