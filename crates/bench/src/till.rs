//! The merchant of the sandbox, as his software sees the gateway: what he sends, signed.

use tillgate_protocols::latipay::{ApiKey, Route, client};

/// A user of the documents, with the key printed there.
pub const USER: &str = "U000334333";
const KEY: &str = "111222333";

#[derive(Debug)]
pub struct Till {
    pub key: ApiKey,
}

impl Default for Till {
    fn default() -> Self {
        Self { key: ApiKey::new(KEY) }
    }
}

/// The terms of a sale, in the words of the protocol.
#[derive(Debug, Clone, Copy)]
pub struct Sale<'a> {
    pub reference: &'a str,
    pub wallet_id: &'a str,
    pub amount: &'a str,
    pub method: &'a str,
    pub callback_url: &'a str,
}

impl Till {
    /// The body of an order whose QR code the till shows itself.
    pub fn order(&self, sale: Sale<'_>) -> String {
        let fields = [
            ("user_id", USER),
            ("wallet_id", sale.wallet_id),
            ("amount", sale.amount),
            ("merchant_reference", sale.reference),
            ("payment_method", sale.method),
            ("return_url", ""),
            ("callback_url", sale.callback_url),
            ("ip", "127.0.0.1"),
            ("version", "2.0"),
            ("product_name", "Pinot noir, two glasses"),
            ("host_type", "1"),
        ];
        let sent: Vec<_> = fields.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        client::signed_body(Route::Transaction, &sent, &self.key)
    }

    /// The body of a charge of the payer's code. Without a `callback_url` nobody is told.
    pub fn bar_code(&self, sale: Sale<'_>, pay_code: &str) -> String {
        let fields = [
            ("user_id", USER),
            ("wallet_id", sale.wallet_id),
            ("amount", sale.amount),
            ("merchant_reference", sale.reference),
            ("pay_code", pay_code),
            ("callback_url", sale.callback_url),
        ];
        let sent: Vec<_> = fields.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        client::signed_body(Route::Barcode, &sent, &self.key)
    }

    pub fn refund(&self, order_id: &str, amount: &str, reference: &str) -> String {
        let fields =
            [("user_id", USER), ("order_id", order_id), ("refund_amount", amount), ("reference", reference)];
        client::signed_body(Route::Refund, &fields, &self.key)
    }

    pub fn cancel(&self, reference: &str) -> String {
        client::signed_body(Route::Cancel, &[("user_id", USER), ("merchant_reference", reference)], &self.key)
    }

    /// The same, waiting for the order's end.
    pub fn waiting_query(&self, reference: &str) -> String {
        let fields = [("merchant_reference", reference), ("user_id", USER), ("is_block", "1")];
        format!("/v2/transaction/{reference}?{}", client::signed_query(Route::Query, &fields, &self.key))
    }

    /// Path and query.
    pub fn query(&self, reference: &str) -> String {
        let fields = [("merchant_reference", reference), ("user_id", USER)];
        format!("/v2/transaction/{reference}?{}", client::signed_query(Route::Query, &fields, &self.key))
    }
}
