//! English.

use super::WebShopTexts;

pub(in crate::pages::texts) static TEXTS: WebShopTexts = WebShopTexts {
    title: "Web shop",
    about: "Checkout page, cards online",
    lead: "A web shop with three things. Its checkout is the gateway's page: pay there with a test card, or with a wallet.",
    tea: "Jasmine tea, 100 g",
    mug: "Enamel mug",
    apron: "Linen apron",
    shipping: "Shipping",
    quantity: "How many:",
    asks: "The payment page asks for",
    asks_shipping: "Shipping address",
    asks_billing: "Billing address",
    theme: "Its colours",
    plain: "As they are",
    harbor: "Harbor",
    berry: "Berry",
    sunny: "Sunny",
    ending: "What comes of it",
    no_ending: "Whatever the card does",
    ending_hint: "Shipping costs so much that the total ends in these digits.",
    cards: "Test cards and amounts",
    check_out: "Check out",
    empty: "Choose at least one thing, and no more than 9 of each.",
    asked: "Nothing in the address is to be believed. The shop asked the gateway with order.query, and this is the answer.",
    open: "Demo web shop",
    curl: "A first payment online with curl",
    curl_body: "Already signed, good for 15 minutes. Open pay_url of the answer and pay with a test card.",
};
