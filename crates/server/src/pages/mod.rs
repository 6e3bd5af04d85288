//! The pages people see: the hosted payment page, the sandbox with its wallets, and plain error pages.
//!
//! Knows: words in two languages, HTML, pictures, and the static files the pages load.
//! Does not know: HTTP, the store, orders, signatures. A view is a plain struct of texts and numbers
//! that were formatted elsewhere; whoever serves it adds `CONTENT_SECURITY_POLICY` and nothing inline.

mod assets;
mod checkout;
mod codepay;
mod error;
mod hosted;
mod issuer;
mod links;
mod method;
mod picture;
mod sandbox;
mod shop;
mod terminal;
mod texts;
mod wallet;
mod webshop;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use assets::{Asset, asset, asset_url};
pub use checkout::{
    AddressForm, AddressKind, AddressLine, AskedAddresses, CheckoutBrand, CheckoutField, CheckoutForm,
    CheckoutItem, CheckoutPage, CheckoutProblem, CheckoutState, Colour, Country, FieldProblem, Palette,
    Wrong,
};
pub use codepay::{
    CardRow, CodePayCredentials, RegisterForm, RegisterOrder, RegisterPage, RegisterProblem, RegisterStatus,
    RegisterTerminal, Way, Wish,
};
pub use error::{ErrorKind, ErrorPage};
pub use hosted::{HostedPage, HostedState};
pub use issuer::{IssuerPage, IssuerProblem};
pub use links::encoded;
pub use method::Method;
pub use picture::{bar_code_svg, qr_png_data_url, qr_svg};
pub use sandbox::{
    Credentials, CredentialsWallet, ProtocolPaths, ReceivedNotification, ReceiverAnswer, ReceiverPage,
    RuleRow, RulesPage, SandboxHome, TillCredentials, Verdict,
};
pub use shop::{AskedReturn, ShopPage, ShopProblem, ShopProtocol, ShopReturn, ShopWallet};
pub use terminal::{CardView, TerminalView, TerminalsPage};
pub use texts::{Language, Texts};
pub use wallet::{
    LastCharge, PayCodePage, PendingCard, ScanPage, WalletPaymentPage, WalletPaymentState, WalletProblem,
};
pub use webshop::{ShopTheme, Ware, WareRow, WebShopForm, WebShopPage, WebShopProblem};

/// Sent with every page. Nothing inline and nobody else's files. The way back to the shop is a link or a
/// script's navigation, which `form-action` does not govern.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
