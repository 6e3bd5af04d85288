//! Every word a person reads, in both languages. A language is one value of `Texts`, so a forgotten
//! translation does not compile. `{}` in a text stands for the one value the page puts there.

mod checkout;
mod chinese;
mod codepay;
mod english;
mod issuer;
mod language;
mod terminal;
mod webshop;

pub use checkout::{CheckoutTexts, FieldText};
pub use codepay::CodePayTexts;
pub use issuer::IssuerTexts;
pub use language::Language;
pub use terminal::TerminalTexts;
pub use webshop::WebShopTexts;

type Text = &'static str;

#[derive(Debug)]
pub struct Texts {
    pub alipay: Text,
    pub wechat: Text,
    pub unionpay: Text,
    pub sandbox_ribbon: Text,
    pub amount: Text,
    pub includes_tip: Text,
    pub reference: Text,
    pub status: Text,
    pub copy: Text,
    pub copied: Text,
    pub refresh: Text,
    pub news: Text,
    pub seconds: Text,
    pub minutes: Text,
    pub hours: Text,
    pub hosted: HostedTexts,
    pub wallet: WalletTexts,
    pub wallet_problems: WalletProblemTexts,
    pub sandbox: SandboxTexts,
    pub terminal: &'static TerminalTexts,
    pub codepay: &'static CodePayTexts,
    pub webshop: &'static WebShopTexts,
    pub issuer: &'static IssuerTexts,
    pub checkout: &'static CheckoutTexts,
    pub errors: ErrorTexts,
}

#[derive(Debug)]
pub struct HostedTexts {
    pub title: Text,
    pub pay_to: Text,
    pub wallet_pays: Text,
    pub rate: Text,
    pub order_number: Text,
    pub method: Text,
    pub paid_at: Text,
    pub scan_with: Text,
    pub step_open: Text,
    pub step_scan: Text,
    pub step_confirm: Text,
    pub qr_alt: Text,
    pub save_qr: Text,
    pub open_in_wallet: Text,
    pub time_left: Text,
    pub updates_itself: Text,
    pub connection_lost: Text,
    pub return_to_shop: Text,
    pub returning_in: Text,
    pub close_window: Text,
    pub open_test_wallet: Text,
    pub check_again: Text,
    pub wallet: Text,
    pub change_wallet: Text,
    pub chosen: Text,
    pub choice_failed: Text,
    pub choosing: StateText,
    pub waiting: StateText,
    pub closing: StateText,
    pub paid: StateText,
    pub declined: StateText,
    pub expired: StateText,
    pub cancelled: StateText,
    pub not_found: StateText,
    pub try_again: StateText,
}

/// What one state says: a headline and the sentence under it.
#[derive(Debug)]
pub struct StateText {
    pub title: Text,
    pub body: Text,
}

const fn says(title: Text, body: Text) -> StateText {
    StateText { title, body }
}

#[derive(Debug)]
pub struct WalletTexts {
    pub test_wallet: Text,
    pub scan: Text,
    pub pay_code: Text,
    pub pending: Text,
    pub nothing_pending: Text,
    pub nothing_pending_body: Text,
    pub make_payment: Text,
    pub paste_label: Text,
    pub paste_hint: Text,
    pub paste_button: Text,
    pub rule: Text,
    pub waiting_since: Text,
    pub pay_to: Text,
    pub shop_amount: Text,
    pub rate: Text,
    pub product: Text,
    pub pay: Text,
    pub decline: Text,
    pub walk_away: Text,
    pub walk_away_hint: Text,
    pub paid: StateText,
    pub declined: StateText,
    pub left: StateText,
    pub gone: StateText,
    pub done: Text,
    pub show_to_cashier: Text,
    pub code_alt: Text,
    pub bar_alt: Text,
    pub renews_in: Text,
    pub last_charge: Text,
    pub no_charge: Text,
    pub charge_paid: Text,
    pub charge_declined: Text,
    pub other_wallets: Text,
    pub about: Text,
}

#[derive(Debug)]
pub struct WalletProblemTexts {
    pub unknown_code: Text,
    pub other_wallet: Text,
    pub already_over: Text,
    pub page_too_old: Text,
    pub trouble: Text,
}

#[derive(Debug)]
pub struct SandboxTexts {
    pub title: Text,
    pub start: Text,
    pub shop: Text,
    pub wallets: Text,
    pub receiver: Text,
    pub rules: Text,
    pub intro: Text,
    pub try_shop: Text,
    pub open_wallet: Text,
    pub flow: Text,
    pub flow_shop: StateText,
    pub flow_gateway: StateText,
    pub flow_wallet: StateText,
    pub flow_notification: StateText,
    pub credentials: Text,
    pub credentials_body: Text,
    pub user_id: Text,
    pub api_key: Text,
    pub merchant_id: Text,
    pub sign_key: Text,
    pub currencies: Text,
    pub wallet_id: Text,
    pub currency: Text,
    pub methods: Text,
    pub base_url: Text,
    pub curl: Text,
    pub curl_body: Text,
    pub curl_sealed: Text,
    pub decrypt: Text,
    pub decrypt_body: Text,
    pub api_docs: Text,
    pub rules_body: Text,
    pub shop_body: Text,
    pub receiver_body: Text,
    pub wallets_body: Text,
    pub ending: Text,
    pub outcome: Text,
    pub what_happens: Text,
    pub rules_intro: Text,
    pub receiver_intro: Text,
    pub receiver_empty: StateText,
    pub holds: Text,
    pub broken: Text,
    pub opened: Text,
    pub not_opened: Text,
    pub opened_fields: Text,
    pub minor_units: Text,
    pub answered: Text,
    pub attempt: Text,
    pub raw_body: Text,
    pub answer_title: Text,
    pub answer_ok: Text,
    pub answer_sent: Text,
    pub answer_error: Text,
    pub answer_silence: Text,
    pub answer_save: Text,
    pub answer_saved: Text,
    pub shop_intro: Text,
    pub shop_product: Text,
    pub shop_protocol: Text,
    pub shop_latipay: Text,
    pub shop_ottpay: Text,
    pub shop_wallet: Text,
    pub shop_method: Text,
    pub shop_tip: Text,
    pub shop_tip_hint: Text,
    pub shop_chooses_later: Text,
    pub shop_pay: Text,
    pub shop_bad_amount: Text,
    pub shop_bad_tip: Text,
    pub shop_bad_method: Text,
    pub shop_trouble: Text,
    pub shop_paid: StateText,
    pub shop_failed: StateText,
    pub shop_cancelled: StateText,
    pub shop_open: StateText,
    pub shop_forged: StateText,
    pub shop_not_known: StateText,
    pub shop_unsigned: Text,
    pub shop_disagrees: Text,
    pub shop_address_says: Text,
    pub shop_gateway_says: Text,
    pub shop_see_notification: Text,
}

#[derive(Debug)]
pub struct ErrorTexts {
    pub not_found: StateText,
    pub wrong_method: StateText,
    pub too_many: StateText,
    pub ours: StateText,
    pub incident: Text,
}
