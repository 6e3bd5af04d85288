//! English.

use super::IssuerTexts;

pub(in crate::pages::texts) static TEXTS: IssuerTexts = IssuerTexts {
    bank: "Sandbox Bank",
    department: "Card security",
    title: "Confirm your payment",
    lead: "Before your card is charged we make sure that it is you. Type in the code that we have sent to your telephone.",
    merchant: "To",
    amount: "Amount",
    card: "Card",
    card_ending: "ending in",
    code: "Code",
    code_hint: "Good for 10 minutes. Never tell it to anyone.",
    test_code: "This is a simulation: the code is {}.",
    confirm: "Confirm payment",
    cancel: "Cancel",
    for_tests: "For tests",
    fail: "Say that it is not the cardholder",
    wrong_code: "That was not the code. You can try {} more times.",
    wrong_code_last: "That was not the code. You can try once more.",
    no_code: "Type in the code first.",
    not_understood: "That did not work. Please try again.",
};
