//! Answers: `rsp_code`, `rsp_msg`, and a data object digested and encrypted with the profile's first key.

use tillgate_core::{Currency, Order, Rate, Refund, Refusal};

use super::codes::Reject;
use super::{Action, Profile};

/// PASSIVEPAY.
pub fn passive_answer(_profile: &Profile, _order: &Order) -> String {
    String::new()
}
pub fn active_answer(_profile: &Profile, _order: &Order) -> String {
    String::new()
}
pub fn mapp_answer(_profile: &Profile, _order: &Order) -> String {
    String::new()
}
pub fn prepay_init_answer(_profile: &Profile, _order: &Order, _page_url: &str) -> String {
    String::new()
}
pub fn prepay_query_answer(_profile: &Profile, _order: &Order) -> String {
    String::new()
}
pub fn status_answer(_profile: &Profile, _order: &Order) -> String {
    String::new()
}
/// REFUND.
pub fn refund_answer(_profile: &Profile, _order: &Order, _refund: &Refund) -> String {
    String::new()
}
/// STATUS_QUERY of a refund.
pub fn refund_status_answer(_profile: &Profile, _order: &Order, _refund: &Refund) -> String {
    String::new()
}
pub fn rate_answer(_profile: &Profile, _currency: Currency, _rate: Rate) -> String {
    String::new()
}
pub fn refusal_answer(
    _profile: &Profile,
    _action: Action,
    _refusal: &Refusal,
    _order_id: &str,
    _order: Option<&Order>,
) -> String {
    String::new()
}
pub fn reject_answer(_profile: Option<&Profile>, _reject: &Reject) -> String {
    String::new()
}
/// SYSTEM_ERROR.
pub fn fault_answer(_profile: Option<&Profile>) -> String {
    String::new()
}
pub fn bizpay_order_id(_order: &Order) -> String {
    String::new()
}
/// `success`, `notpay` and so on.
pub fn order_status(_order: &Order) -> &'static str {
    ""
}
