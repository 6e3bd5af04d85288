//! The cards a tester can hold to a terminal.
//!
//! Knows: the table, for the behaviour, the page and the docs alike. Deliberately does not know: transactions.
//! Any other card with a right check digit is approved.

use serde::Serialize;

use super::card::{self, CardType, EntryMode, TestCardInput};
use super::refusal::Refusal;

/// The PIN of every test card that has one.
pub const TEST_PIN: &str = "1234";

/// What a test card does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CardBehaviour {
    Approved,
    /// Approved with [`TEST_PIN`] only.
    WantsPin,
    WrongPin,
    InsufficientFunds,
    Expired,
    Lost,
    Stolen,
    DoNotHonor,
    /// Declined contactless, approved otherwise.
    ContactlessLimit,
    /// Its acquirer does not answer, and nothing is charged.
    Unreachable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TestCard {
    pub pan: &'static str,
    pub brand: &'static str,
    pub kind: CardType,
    pub title_en: &'static str,
    pub title_zh: &'static str,
    pub about_en: &'static str,
    pub about_zh: &'static str,
    pub behaviour: CardBehaviour,
}

/// What comes of holding the card to a terminal, before the amount is looked at.
pub enum Verdict {
    Good,
    Refused(Refusal),
    Unreachable,
}

pub fn judge(input: &TestCardInput, now_ms: i64) -> Verdict {
    if !card::is_valid(&input.pan) {
        return Verdict::Refused(Refusal::InvalidCard);
    }
    let behaviour = find(&input.pan).map_or(CardBehaviour::Approved, |card| card.behaviour);
    if behaviour == CardBehaviour::Unreachable {
        return Verdict::Unreachable;
    }
    match (input.expiry.as_str(), card::is_expired(&input.expiry, now_ms)) {
        ("", _) | (_, Some(false)) => {}
        (_, Some(true)) => return Verdict::Refused(Refusal::ExpiredCard),
        (_, None) => return Verdict::Refused(Refusal::Format),
    }
    let refusal = match behaviour {
        CardBehaviour::Approved | CardBehaviour::Unreachable => None,
        CardBehaviour::WantsPin => match input.pin.as_deref().map(String::as_str) {
            Some(TEST_PIN) => None,
            Some(_) => Some(Refusal::WrongPin),
            None => Some(Refusal::PinRequired),
        },
        CardBehaviour::WrongPin => Some(Refusal::WrongPin),
        CardBehaviour::InsufficientFunds => Some(Refusal::InsufficientFunds),
        CardBehaviour::Expired => Some(Refusal::ExpiredCard),
        CardBehaviour::Lost => Some(Refusal::LostCard),
        CardBehaviour::Stolen => Some(Refusal::StolenCard),
        CardBehaviour::DoNotHonor => Some(Refusal::DoNotHonor),
        CardBehaviour::ContactlessLimit => {
            (input.entry == EntryMode::Contactless).then_some(Refusal::InsertCard)
        }
    };
    refusal.map_or(Verdict::Good, Verdict::Refused)
}

pub fn find(pan: &str) -> Option<&'static TestCard> {
    TEST_CARDS.iter().find(|card| card.pan == pan)
}

const fn good(
    pan: &'static str,
    brand: &'static str,
    title_en: &'static str,
    title_zh: &'static str,
) -> TestCard {
    TestCard {
        pan,
        brand,
        kind: CardType::Credit,
        title_en,
        title_zh,
        about_en: "Always approved.",
        about_zh: "始终批准。",
        behaviour: CardBehaviour::Approved,
    }
}

const fn visa(
    pan: &'static str,
    behaviour: CardBehaviour,
    titles: (&'static str, &'static str),
    about: (&'static str, &'static str),
) -> TestCard {
    let (title_en, title_zh) = titles;
    let (about_en, about_zh) = about;
    TestCard { behaviour, about_en, about_zh, ..good(pan, "Visa", title_en, title_zh) }
}

pub const TEST_CARDS: &[TestCard] = &[
    good("4111111111111111", "Visa", "Visa credit", "Visa 信用卡"),
    good("5555555555554444", "MasterCard", "Mastercard credit", "万事达信用卡"),
    good("378282246310005", "Amex", "American Express", "美国运通卡"),
    good("6011111111111117", "Discover", "Discover", "Discover 发现卡"),
    good("3530111333300000", "JCB", "JCB", "JCB 卡"),
    good("30569309025904", "DinersClub", "Diners Club", "大来卡"),
    good("6200000000000005", "UnionPay", "UnionPay credit", "银联信用卡"),
    TestCard {
        kind: CardType::Debit,
        ..good("5200828282828210", "MasterCard", "Mastercard debit", "万事达借记卡")
    },
    TestCard {
        kind: CardType::Debit,
        about_en: "Wants a PIN, 1234: without one response code 70, with another 55.",
        about_zh: "需要输入密码 1234：未输入则响应码 70，输错则响应码 55。",
        behaviour: CardBehaviour::WantsPin,
        ..good("4000056655665556", "Visa", "Visa debit with PIN", "需密码的 Visa 借记卡")
    },
    TestCard { kind: CardType::Gift, ..good("4000000000000077", "Visa", "Visa gift card", "Visa 礼品卡") },
    TestCard { kind: CardType::Ebt, ..good("5077000000000007", "", "EBT card", "EBT 福利卡") },
    visa(
        "4000000000009995",
        CardBehaviour::InsufficientFunds,
        ("Insufficient funds", "余额不足"),
        ("Declined with response code 51.", "拒绝，响应码 51。"),
    ),
    visa(
        "4000000000000069",
        CardBehaviour::Expired,
        ("Expired card", "卡片已过期"),
        ("Declined with response code 54.", "拒绝，响应码 54。"),
    ),
    visa(
        "4000000000009987",
        CardBehaviour::Lost,
        ("Lost card", "挂失卡"),
        ("Declined with response code 41.", "拒绝，响应码 41。"),
    ),
    visa(
        "4000000000009979",
        CardBehaviour::Stolen,
        ("Stolen card", "被盗卡"),
        ("Declined with response code 43.", "拒绝，响应码 43。"),
    ),
    visa(
        "4000000000000002",
        CardBehaviour::DoNotHonor,
        ("Do not honor", "不予承兑"),
        ("Declined with response code 05.", "拒绝，响应码 05。"),
    ),
    visa(
        "4000000000000127",
        CardBehaviour::WrongPin,
        ("Wrong PIN", "密码错误"),
        ("Declined with response code 55 whatever PIN is typed.", "无论输入什么密码都拒绝，响应码 55。"),
    ),
    visa(
        "4000002500003155",
        CardBehaviour::ContactlessLimit,
        ("Contactless limit: insert the card", "超出免密限额：请插卡"),
        (
            "Contactless it is declined with response code 65; inserted or swiped it is approved.",
            "非接触支付时拒绝，响应码 65；插卡或刷卡时批准。",
        ),
    ),
    visa(
        "4000000000000119",
        CardBehaviour::Unreachable,
        ("Acquirer unreachable", "无法连接收单机构"),
        ("No answer, ever; nothing is charged.", "始终无应答，不会扣款。"),
    ),
];
