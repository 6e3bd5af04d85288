//! What the simulated issuer says to a payer online.

pub(super) mod chinese;
pub(super) mod english;

use super::Text;

#[derive(Debug)]
pub struct IssuerTexts {
    pub bank: Text,
    pub department: Text,
    pub title: Text,
    pub lead: Text,
    pub merchant: Text,
    pub amount: Text,
    pub card: Text,
    /// For those who hear the page instead of the dots.
    pub card_ending: Text,
    pub code: Text,
    pub code_hint: Text,
    pub test_code: Text,
    pub confirm: Text,
    pub cancel: Text,
    pub for_tests: Text,
    pub fail: Text,
    pub wrong_code: Text,
    pub wrong_code_last: Text,
    pub no_code: Text,
    pub not_understood: Text,
}
