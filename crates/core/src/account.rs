//! Where a merchant's money goes: one currency, the methods it takes, what it costs.

use serde::{Deserialize, Serialize};

use crate::fee::FeePlan;
use crate::money::Currency;
use crate::order::Method;

/// A merchant's settlement account, as the room's documents call it (a Latipay wallet).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The name the merchant sends: `W00000001`.
    pub code: String,
    pub name: String,
    pub currency: Currency,
    pub methods: Vec<Method>,
    /// What each payment costs; an account without a fee plan cannot sell.
    #[serde(alias = "fee_bp")]
    pub fees: Option<FeePlan>,
    /// Largest single payment in minor units, if limited.
    pub payment_limit_minor: Option<i64>,
}
