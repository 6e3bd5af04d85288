//! The answers to web shops and to what has a path of its own.

use tillgate_core::{Money, Timestamp};

use super::encode::{Object, Reply, plain, time_text};
use super::words::{PayMethod, TransStatus};

/// What pay.checkout answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutView {
    /// Where the payer's browser goes.
    pub pay_url: String,
}

/// What pay.merchant.checkout answers. Texts that are `None` are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerchantCheckoutView {
    pub trans_no: String,
    pub trans_status: TransStatus,
    pub pay_channel_trans_no: Option<String>,
    /// The masked PAN.
    pub pay_user_account_id: Option<String>,
    pub trans_end_time: Option<Timestamp>,
    /// The card network's retrieval reference number.
    pub ref_no: Option<String>,
    pub pay_method: Option<PayMethod>,
    /// Where the payer's browser goes for 3-D Secure; then `trans_status` is 0.
    pub redirect_url_3dsecure: Option<String>,
}

/// What `/api/payments/` answers. Texts that are `None` are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentView {
    /// `000` for yes, otherwise the issuer's; `None` where the document has none (a tip).
    pub resp: Option<(String, String)>,
    /// Of what was made; an increment makes nothing.
    pub trans_no: Option<String>,
    pub auth_no: Option<String>,
    pub trans_time: Timestamp,
    pub trans_status: TransStatus,
}

impl PaymentView {
    /// `resp_code` and the words behind it, of what was approved.
    pub fn approval() -> Option<(String, String)> {
        Some(("000".to_owned(), "APPROVAL".to_owned()))
    }
}

/// What `/api/batch/` answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchesView {
    pub count: u32,
    /// `None`: of several currencies there is no sum.
    pub total: Option<Money>,
}

impl Reply<'_> {
    pub fn checkout(&self, view: &CheckoutView) -> String {
        let mut data = Object::default();
        data.text("pay_url", &view.pay_url);
        self.success(&data)
    }

    pub fn merchant_checkout(&self, view: &MerchantCheckoutView) -> String {
        let mut data = Object::default();
        data.text("trans_no", &view.trans_no);
        data.number("trans_status", view.trans_status.number());
        data.some("pay_channel_trans_no", view.pay_channel_trans_no.as_deref());
        data.some("pay_user_account_id", view.pay_user_account_id.as_deref());
        data.some("trans_end_time", view.trans_end_time.map(time_text).as_deref());
        data.some("ref_no", view.ref_no.as_deref());
        data.some("pay_method_id", view.pay_method.map(PayMethod::word));
        data.some("redirect_url_3dsecure", view.redirect_url_3dsecure.as_deref());
        self.success(&data)
    }

    pub fn payment(&self, view: &PaymentView) -> String {
        let mut data = Object::default();
        if let Some((code, words)) = &view.resp {
            data.text("resp_msg", format!("[{code}]{words}"));
            data.text("resp_code", code);
        }
        data.some("trans_no", view.trans_no.as_deref());
        data.some("auth_no", view.auth_no.as_deref());
        data.text("trans_time", time_text(view.trans_time));
        data.number("trans_status", view.trans_status.number());
        self.success(&data)
    }

    pub fn batches(&self, view: &BatchesView) -> String {
        let mut data = Object::default();
        data.number("count", view.count);
        if let Some(total) = view.total {
            data.number("total_amount", plain(total));
        }
        self.success(&data)
    }
}
