// What the digits of a card say: brand, length, check digit, expiry. The gateway checks all of it again.

export const digitsOf = (text) => text.replace(/\D/g, "");

// The brands stand in the page, as the gateway knows them.
export function readBrands(page) {
  return [...page.querySelectorAll(".brands [data-brand]")].map((element) => ({
    element,
    name: element.textContent,
    prefixes: element.dataset.prefixes.split(",").map((range) => range.split("-")),
    lengths: element.dataset.lengths.split(",").map(Number),
    cvv: Number(element.dataset.cvv),
    groups: element.dataset.groups.split(",").map(Number),
  }));
}

// Four digits always suffice; fewer, where all numbers that begin so are of one brand.
export function brandOf(digits, brands) {
  if (digits === "") return null;
  const [low, high] = ["0", "9"].map((filler) => digits.slice(0, 4).padEnd(4, filler));
  const fits = (brand) => brand.prefixes.some(([first, last]) => first <= low && high <= last);
  return brands.find(fits) ?? null;
}

export function hasCheckDigit(digits) {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    let digit = Number(digits[digits.length - 1 - i]);
    if (i % 2 === 1) digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
    sum += digit;
  }
  return digits.length > 0 && sum % 10 === 0;
}

export function grouped(digits, groups = [4, 4, 4, 4, 3]) {
  const parts = [];
  let at = 0;
  for (const length of [...groups, ...Array(5).fill(4)]) {
    if (at >= digits.length) break;
    parts.push(digits.slice(at, at + length));
    at += length;
  }
  return parts.join(" ");
}

// "8" is August, "1" may become October.
export function expiryText(text, isTyping) {
  let digits = digitsOf(text);
  const [, month, year] = /^\s*(\d{1,2})\s*[/-]\s*(\d{2,4})\s*$/.exec(text) ?? [];
  if (month && year.length !== 3) digits = month.padStart(2, "0") + year.slice(-2);
  if (/^[2-9]/.test(digits)) digits = `0${digits}`;
  digits = digits.slice(0, 4);
  if (digits.length < 2) return digits;
  return digits.length === 2 && !isTyping ? digits : `${digits.slice(0, 2)}/${digits.slice(2)}`;
}

// "bad", "expired" or nothing.
export function expiryProblem(text, nowMs) {
  const digits = digitsOf(expiryText(text, false));
  const month = Number(digits.slice(0, 2));
  if (digits.length !== 4 || month < 1 || month > 12) return "bad";
  // A card holds to the end of its month, wherever on earth that is.
  const now = new Date(nowMs - 12 * 3600 * 1000);
  const year = 2000 + Number(digits.slice(2));
  const isOver = year * 12 + month < now.getUTCFullYear() * 12 + now.getUTCMonth() + 1;
  return isOver ? "expired" : "";
}
