//! What a merchant's Alipay mini app hands to `my.tradePay`: the fields of `create_forex_trade_wap`.
//!
//! Knows: their names, order and signature. Deliberately does not know: how a merchant joins them.

use crate::Payment;

use super::wire;

/// The simulated gateway's account at Alipay.
const PARTNER: &str = "2088000000000000";
/// Retail stores, the category of a seller whose own is not known.
const INDUSTRY: &str = "5399";

/// The addresses Alipay is told to report to.
#[derive(Debug, Clone)]
pub struct Addresses {
    pub notify_url: String,
    pub return_url: String,
}

/// The fields in Alipay's documented order, signed.
pub fn fields(payment: &Payment, addresses: &Addresses, key: &str) -> Vec<(String, String)> {
    let (seller, subject) = (wire::free_text(&payment.seller), wire::free_text(&payment.description));
    let total = payment.amount.to_string();
    let seller_no = payment.trade_no.split('-').next().unwrap_or_default();
    let mut fields = vec![
        ("service", "create_forex_trade_wap"),
        ("partner", PARTNER),
        ("_input_charset", "UTF-8"),
        ("sign_type", "MD5"),
        ("sign", ""),
        ("notify_url", &addresses.notify_url),
        ("return_url", &addresses.return_url),
        ("subject", &subject),
        ("body", INDUSTRY),
        ("out_trade_no", &payment.trade_no),
        ("currency", payment.amount.currency.code()),
        ("total_fee", &total),
        ("supplier", &seller),
        ("secondary_merchant_id", seller_no),
        ("secondary_merchant_name", &seller),
        ("secondary_merchant_industry", INDUSTRY),
        ("product_code", "NEW_WAP_OVERSEAS_SELLER"),
        ("app_pay", "Y"),
    ];
    let mut sorted = fields.clone();
    sorted.sort_unstable();
    let signature = wire::sign(sorted.into_iter(), key);
    if let Some(sign) = fields.iter_mut().find(|(name, _)| *name == "sign") {
        sign.1 = &signature;
    }
    fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
