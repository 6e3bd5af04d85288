//! The cards a tester can hold to a terminal.
//!
//! Knows: the table, for the behaviour, the page and the docs alike. Deliberately does not know: transactions.
//! Any other card with a right check digit is approved.

use serde::Serialize;

use super::card::{self, CardType, EntryMode, TestCardInput};
use super::refusal::Refusal;

/// The PIN of every test card that has one.
pub const TEST_PIN: &str = "1234";
/// The issuer says no to this security code online, and to four nines.
pub const WRONG_CVV: &str = "999";
/// The issuer says no to this postal code online.
pub const WRONG_ZIP: &str = "99999";

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
    /// Online the issuer wants to hear from the payer; approved at a terminal, as those below.
    Challenged,
    /// Online the issuer knows that it is not the payer.
    NotAuthenticated,
    /// Online the issuer cannot be asked.
    IssuerDown,
    /// Online the card takes no part.
    NotEnrolled,
}

/// What an issuer says when he is asked about a payer online.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enrolment {
    Known,
    Challenged,
    Refused,
    ServerDown,
    NotEnrolled,
}

pub fn enrolment(pan: &str) -> Enrolment {
    match find(pan).map(|card| card.behaviour) {
        Some(CardBehaviour::Challenged) => Enrolment::Challenged,
        Some(CardBehaviour::NotAuthenticated) => Enrolment::Refused,
        Some(CardBehaviour::IssuerDown) => Enrolment::ServerDown,
        Some(CardBehaviour::NotEnrolled) => Enrolment::NotEnrolled,
        _ => Enrolment::Known,
    }
}

/// What the issuer says no to besides the card, once it is sure who pays.
pub fn mismatch(cvv: &str, zip: &str) -> Option<Refusal> {
    let is_wrong_cvv = cvv == WRONG_CVV || cvv.strip_prefix('9') == Some(WRONG_CVV);
    match (is_wrong_cvv, zip == WRONG_ZIP) {
        (true, _) => Some(Refusal::CvvMismatch),
        (false, true) => Some(Refusal::AddressMismatch),
        (false, false) => None,
    }
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

impl TestCard {
    /// Whether it does anything special only online.
    pub fn is_for_online(&self) -> bool {
        use CardBehaviour::{Challenged, IssuerDown, NotAuthenticated, NotEnrolled};
        matches!(self.behaviour, Challenged | NotAuthenticated | IssuerDown | NotEnrolled)
    }
}

/// What comes of holding the card to a terminal, before the amount is looked at.
pub enum Verdict {
    Good,
    Refused(Refusal),
    Unreachable,
}

/// Nobody types a PIN online.
pub fn judge(input: &TestCardInput, is_online: bool, now_ms: i64) -> Verdict {
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
        CardBehaviour::Approved
        | CardBehaviour::Unreachable
        | CardBehaviour::Challenged
        | CardBehaviour::NotAuthenticated
        | CardBehaviour::IssuerDown
        | CardBehaviour::NotEnrolled => None,
        CardBehaviour::WantsPin if is_online => None,
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
        about_en: "Wants a PIN, 1234: without one response code 70, with another 55. Online nobody asks for it.",
        about_zh: "需要输入密码 1234：未输入则响应码 70，输错则响应码 55。线上支付不要求密码。",
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
    visa(
        "4000000000001091",
        CardBehaviour::Challenged,
        ("3-D Secure: asked for a code", "3-D Secure：需要验证码"),
        (
            "Online the issuer asks the payer for a code, 1234, for up to 10 minutes; three wrong ones are a no. \
             Approved at a terminal.",
            "线上支付时发卡行要求付款人输入验证码 1234，10 分钟内有效，输错三次即失败。在终端上批准。",
        ),
    ),
    TestCard {
        brand: "MasterCard",
        ..visa(
            "5200000000001096",
            CardBehaviour::Challenged,
            ("3-D Secure: asked for a code (Mastercard)", "3-D Secure：需要验证码（万事达）"),
            ("The same with another network.", "同上，卡组织不同。"),
        )
    },
    visa(
        "4000000000001018",
        CardBehaviour::NotAuthenticated,
        ("3-D Secure: not the payer", "3-D Secure：身份验证失败"),
        (
            "Online the issuer says no without asking: declined with response code 1A. Approved at a terminal.",
            "线上支付时发卡行直接拒绝验证：响应码 1A。在终端上批准。",
        ),
    ),
    visa(
        "4000000000001059",
        CardBehaviour::IssuerDown,
        ("3-D Secure: issuer out of order", "3-D Secure：发卡行系统故障"),
        (
            "Online the issuer cannot be asked: it goes on as attempted. Approved at a terminal.",
            "线上支付时无法联系发卡行：按已尝试验证继续。在终端上批准。",
        ),
    ),
    visa(
        "4000000000001067",
        CardBehaviour::NotEnrolled,
        ("3-D Secure: card not enrolled", "3-D Secure：卡片未注册"),
        (
            "Online it takes no part in 3-D Secure: it goes on without. Approved at a terminal.",
            "线上支付时该卡未参加 3-D Secure：不验证直接继续。在终端上批准。",
        ),
    ),
];
