// The payment form: groups digits while they are typed, says beside each field what is wrong, and keeps a card out of
// requests that are not about cards. Without this script the gateway says the same.

import { brandOf, digitsOf, expiryProblem, expiryText, grouped, hasCheckDigit, readBrands } from "./checkout-card.js";

const CARD = ["number", "expiry", "cvv", "holder"];

// Rewrites what was typed; the caret stays behind the same digit.
function rewrite(input, text) {
  if (input.value === text) return;
  const before = digitsOf(input.value.slice(0, input.selectionStart ?? input.value.length)).length;
  const atEnd = input.selectionStart === input.value.length;
  input.value = text;
  if (document.activeElement !== input) return;
  let at = text.length;
  if (!atEnd) for (at = 0; at < text.length && digitsOf(text.slice(0, at)).length < before; ) at += 1;
  input.setSelectionRange(at, at);
}

function say(field, words) {
  const error = document.getElementById(`${field.id}-error`);
  error.textContent = words;
  error.hidden = words === "";
  field.closest(".field").classList.toggle("wrong", words !== "");
  if (words) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

export function takeForm(page) {
  const form = page.querySelector("#order");
  if (!form) return;
  const brands = readBrands(page);
  const [number, expiry, cvv] = CARD.map((name) => form.elements.namedItem(name));
  const nowMs = () => Number(page.dataset.nowMs) + performance.now() - page.began;
  const brand = () => brandOf(digitsOf(number.value), brands);

  function showBrand() {
    const known = brand();
    page.querySelector("#brand").textContent = known?.name ?? "";
    for (const one of brands) {
      one.element.classList.toggle("is", one === known);
      one.element.classList.toggle("not", known !== null && one !== known);
    }
    const length = known?.cvv ?? 4;
    cvv.maxLength = length;
    const hint = page.querySelector("#cvv-hint");
    hint.textContent = known?.cvv === 4 ? hint.dataset.front : hint.dataset.back;
  }

  const checks = {
    number(field) {
      const digits = digitsOf(field.value);
      const known = brand();
      if (/[^\d\s-]/.test(field.value) || digits.length < 12 || digits.length > 19) return field.dataset.bad;
      if (!hasCheckDigit(digits)) return field.dataset.bad;
      if (!known) return field.dataset.notTaken;
      return known.lengths.includes(digits.length) ? "" : field.dataset.bad;
    },
    expiry(field) {
      return field.dataset[expiryProblem(field.value, nowMs())] ?? "";
    },
    cvv(field) {
      const wanted = brand()?.cvv;
      const fits = /^\d+$/.test(field.value) && (wanted ? field.value.length === wanted : /^\d{3,4}$/.test(field.value));
      return fits ? "" : field.dataset.bad;
    },
    email: (field) => (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(field.value.trim()) ? "" : field.dataset.bad),
    phone: (field) => (/^[+\d][\d\s().\/-]{4,31}$/.test(field.value.trim()) ? "" : field.dataset.bad),
  };

  function isAsked(field) {
    const hidden = form.querySelector("#same")?.checked && field.id.startsWith("billing-");
    return !hidden;
  }

  function needed(field) {
    const [kind, line] = field.id.split("-");
    if (line !== "zip") return field.required;
    const country = form.elements.namedItem(`${kind}-country`);
    return !country.selectedOptions[0]?.hasAttribute("data-no-zip");
  }

  function problemOf(field) {
    if (!isAsked(field)) return "";
    if (field.value.trim() === "") return needed(field) ? field.dataset.missing : "";
    return checks[field.id]?.(field) ?? "";
  }

  const fields = [...form.querySelectorAll(".field input, .field select")];

  // All that are wrong at the top, each a way to its field; the list gets the focus.
  function check(asked) {
    const wrong = asked.map((field) => [field, problemOf(field)]);
    for (const [field, words] of wrong) say(field, words);
    const summary = page.querySelector("#summary");
    const list = summary.querySelector("ul");
    list.replaceChildren();
    for (const [field, words] of wrong.filter(([, said]) => said)) {
      const link = document.createElement("a");
      link.href = `#${field.id}`;
      link.textContent = `${field.dataset.called}: ${words}`;
      const item = document.createElement("li");
      item.append(link);
      list.append(item);
    }
    summary.hidden = list.children.length === 0;
    if (!summary.hidden) {
      summary.focus();
      summary.scrollIntoView({ block: "nearest" });
    }
    return summary.hidden;
  }

  page.querySelector("#summary").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    event.preventDefault();
    document.getElementById(link.hash.slice(1))?.focus();
  });

  for (const field of fields) {
    // What was wrong is looked at again as soon as it changes, what is new only when it is left.
    field.addEventListener("input", () => {
      if (field.hasAttribute("aria-invalid")) say(field, problemOf(field));
    });
    field.addEventListener("blur", () => {
      if (field.value.trim() !== "") say(field, problemOf(field));
    });
  }

  if (number) {
    number.addEventListener("input", () => {
      if (/[^\d\s-]/.test(number.value)) return;
      rewrite(number, grouped(digitsOf(number.value).slice(0, 19), brand()?.groups));
      showBrand();
    });
    expiry.addEventListener("input", (event) => {
      const isDeleting = event.inputType?.startsWith("delete");
      if (!isDeleting) rewrite(expiry, expiryText(expiry.value, true));
    });
    expiry.addEventListener("change", () => rewrite(expiry, expiryText(expiry.value, false)));
    cvv.addEventListener("input", () => rewrite(cvv, digitsOf(cvv.value)));
    showBrand();
  }

  form.addEventListener("submit", (event) => {
    if (form.ariaBusy === "true") return event.preventDefault();
    const isWallet = event.submitter?.name === "method";
    const asked = fields.filter((field) => !isWallet || !CARD.includes(field.id));
    if (!check(asked)) return event.preventDefault();
    form.ariaBusy = "true";
    const pay = form.querySelector("#pay");
    if (isWallet) for (const field of fields.filter((one) => CARD.includes(one.id))) field.disabled = true;
    else if (pay) pay.textContent = form.dataset.busy;
  });
}
