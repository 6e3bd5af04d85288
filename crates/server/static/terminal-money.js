// Amounts are whole minor units (BigInt), read from and written as decimal text. Never a float.

/** Digits after the point: USD 2, JPY 0, KWD 3. */
export function places(currency) {
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  } catch {
    return 2; // not a currency's code; it is shown as it came
  }
}

/** `"12.4"` in USD is 1240n; null for what is no amount of this currency. */
export function minor(text, currency) {
  const found = /^(\d{1,12})(?:\.(\d{1,12}))?$/.exec(String(text ?? "").trim());
  if (!found) return null;
  const digits = places(currency);
  const fraction = (found[2] ?? "").replace(/0+$/, "");
  if (fraction.length > digits) return null;
  return BigInt(found[1] + fraction.padEnd(digits, "0"));
}

/** 1240n in USD is `"12.40"`. */
export function decimal(amount, currency) {
  const digits = places(currency);
  const text = amount.toString().padStart(digits + 1, "0");
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** For people: `USD 1,240.50`. */
export function shown(amount, currency) {
  const [whole, fraction] = decimal(amount, currency).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${currency} ${fraction === undefined ? grouped : `${grouped}.${fraction}`}`;
}

/** Rounded half up. */
export const percent = (amount, of) => (amount * BigInt(of) + 50n) / 100n;
