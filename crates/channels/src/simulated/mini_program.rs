//! What a WeChat mini program hands to `wx.requestPayment`, made of the prepay id that WeChat gave.
//!
//! Knows: the fields, their order and signature. Deliberately does not know: how a merchant hands them on.

use crate::Payment;

use super::wire::{self, Fields};

/// What WeChat's answer gives us to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepaid {
    app_id: String,
    prepay_id: String,
    nonce: String,
    at_s: i64,
}

/// `None` if something is missing, or if the answer is about another payer than the payment's.
pub fn read(fields: &Fields<'_>, payment: &Payment) -> Option<Prepaid> {
    let payer = payment.app_payer.as_ref()?;
    let is_theirs = fields.get("app_id") == wire::free_text(&payer.app_id)
        && fields.get("payer_id") == wire::free_text(&payer.payer_id);
    let text = |name| Some(fields.get(name)).filter(|value| !value.is_empty()).map(str::to_owned);
    let at_ms: i64 = fields.get("made_at_ms").parse().ok().filter(|ms| *ms >= 0)?;
    let prepaid = Prepaid {
        app_id: text("app_id")?,
        prepay_id: text("prepay_id")?,
        nonce: text("nonce_str")?,
        at_s: at_ms / 1_000,
    };
    (is_theirs && text("payer_id").is_some()).then_some(prepaid)
}

/// The fields in WeChat's order, signed. `package` has the name that merchants are given, for it is a word of
/// Java; it is signed under its own.
pub fn fields(prepaid: &Prepaid, key: &str) -> Vec<(String, String)> {
    let (time, package) = (prepaid.at_s.to_string(), format!("prepay_id={}", prepaid.prepay_id));
    let sorted = [
        ("appId", prepaid.app_id.as_str()),
        ("nonceStr", &prepaid.nonce),
        ("package", &package),
        ("signType", "MD5"),
        ("timeStamp", &time),
    ];
    let signature = wire::sign(sorted.into_iter(), &format!("&key={key}")).to_uppercase();
    [
        ("appId", prepaid.app_id.clone()),
        ("timeStamp", time),
        ("nonceStr", prepaid.nonce.clone()),
        ("packageStr", package),
        ("signType", "MD5".to_owned()),
        ("paySign", signature),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example in WeChat Pay's documents.
    #[test]
    fn the_signature_is_wechats() {
        let prepaid = Prepaid {
            app_id: "wxd678efh567hg6787".into(),
            prepay_id: "wx2017033010242291fcfe0db70013231072".into(),
            nonce: "5K8264ILTKCH16CQ2502SI8ZNMTM67VS".into(),
            at_s: 1_490_840_662,
        };
        let fields = fields(&prepaid, "qazwsxedcrfvtgbyhnujmikolp111111");
        let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.join(" "), "appId timeStamp nonceStr packageStr signType paySign");
        assert_eq!(fields[3].1, "prepay_id=wx2017033010242291fcfe0db70013231072");
        assert_eq!(fields[5].1, "22D9B4E54AB1950F51E0649E8810ACD6");
    }
}
