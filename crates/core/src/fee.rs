//! What a payment costs the merchant: our fee, the VAT on it, and what becomes of both when the payment goes back.
//!
//! A fee is rounded once, of all that was taken, and its VAT once, of that fee: both half up. What refunds give back of
//! it is always computed of everything refunded so far, so that the parts of many refunds add up to the whole.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::money::Money;
use crate::order::{Method, Order, OrderState};

/// What becomes of the fee when money is given back. A void gives it back in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnRefund {
    /// It stays earned.
    #[default]
    Keep,
    /// It goes back in proportion.
    GiveBack,
}

/// The fee of a payment by one method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Fee {
    /// Minor units of the account's currency, for each payment.
    pub fixed_minor: i64,
    /// Basis points of what was taken.
    pub rate_bp: u32,
    /// Basis points of the fee.
    pub vat_bp: u32,
    pub on_refund: OnRefund,
}

/// Minor units of the order's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Cost {
    pub fee_minor: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub vat_minor: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(minor: &i64) -> bool {
    *minor == 0
}

impl Cost {
    pub const NOTHING: Self = Self { fee_minor: 0, vat_minor: 0 };

    pub fn total_minor(self) -> i64 {
        self.fee_minor + self.vat_minor
    }

    pub fn is_nothing(&self) -> bool {
        *self == Self::NOTHING
    }

    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self { fee_minor: self.fee_minor - other.fee_minor, vat_minor: self.vat_minor - other.vat_minor }
    }
}

impl Fee {
    pub const fn rate(rate_bp: u32) -> Self {
        Self { fixed_minor: 0, rate_bp, vat_bp: 0, on_refund: OnRefund::Keep }
    }

    fn is_rate_only(&self) -> bool {
        *self == Self::rate(self.rate_bp)
    }

    /// Of a payment; nothing if nothing was taken.
    pub fn of(&self, captured: Money) -> Cost {
        if captured.minor <= 0 {
            return Cost::NOTHING;
        }
        let fee_minor = self.fixed_minor.saturating_add(captured.basis_points(self.rate_bp).minor);
        let vat_minor = Money::new(fee_minor, captured.currency).basis_points(self.vat_bp).minor;
        Cost { fee_minor, vat_minor }
    }

    /// What has been given back of it after refunds of so much in all.
    pub fn given_back(&self, captured: Money, refunded_minor: i64) -> Cost {
        let whole = self.of(captured);
        match self.on_refund {
            OnRefund::Keep => Cost::NOTHING,
            OnRefund::GiveBack => Cost {
                fee_minor: part(whole.fee_minor, refunded_minor, captured.minor),
                vat_minor: part(whole.vat_minor, refunded_minor, captured.minor),
            },
        }
    }
}

/// `share / of` parts of the whole, half up; between nothing and all of it.
fn part(whole: i64, share: i64, of: i64) -> i64 {
    if of <= 0 || share <= 0 {
        return 0;
    }
    let (whole, share, of) = (i128::from(whole), i128::from(share.min(of)), i128::from(of));
    i64::try_from((whole * share * 2 + of).div_euclid(of * 2)).unwrap_or(i64::MAX)
}

/// The fees of an account, or of an order: the usual one, and methods that cost something else.
///
/// As JSON it is a number where it is a rate and nothing more: so it was written before there was anything else.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeePlan {
    pub usual: Fee,
    pub by_method: BTreeMap<Method, Fee>,
}

impl FeePlan {
    pub const fn flat(usual: Fee) -> Self {
        Self { usual, by_method: BTreeMap::new() }
    }

    /// Basis points of each payment, nothing else.
    pub const fn rate(rate_bp: u32) -> Self {
        Self::flat(Fee::rate(rate_bp))
    }

    pub fn of(&self, method: &Method) -> Fee {
        self.by_method.get(method).copied().unwrap_or(self.usual)
    }

    /// What an order keeps of it: the one method's fee, or those that its payer may choose among.
    #[must_use]
    pub fn kept_for(&self, method: Option<&Method>, choosable: &[Method]) -> Self {
        if let Some(method) = method {
            return Self::flat(self.of(method));
        }
        let differs = |(method, fee): &(&Method, &Fee)| choosable.contains(method) && **fee != self.usual;
        let by_method = self.by_method.iter().filter(differs).map(|(method, fee)| (method.clone(), *fee));
        Self { usual: self.usual, by_method: by_method.collect() }
    }
}

impl Order {
    fn captured(&self) -> Money {
        Money::new(self.funds.captured_minor, self.terms.amount.currency)
    }

    /// Of the method that counts.
    fn fee_agreed(&self) -> Fee {
        self.method().map_or(self.terms.fees.usual, |method| self.terms.fees.of(method))
    }

    /// What the payment costs the merchant; nothing before it was paid or once it was undone. Refunds do not lessen it:
    /// see [`Order::cost_given_back`].
    pub fn cost(&self) -> Cost {
        match self.state {
            OrderState::Paid { .. } => self.fee_agreed().of(self.captured()),
            _ => Cost::NOTHING,
        }
    }

    /// How much of it the refunds so far have given back.
    pub fn cost_given_back(&self) -> Cost {
        match self.state {
            OrderState::Paid { .. } => {
                self.fee_agreed().given_back(self.captured(), self.funds.refunded_minor)
            }
            _ => Cost::NOTHING,
        }
    }
}

/// A fee as it is stored. What is nothing is left out.
#[derive(Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Written {
    #[serde(skip_serializing_if = "is_default")]
    fixed_minor: i64,
    #[serde(skip_serializing_if = "is_default")]
    rate_bp: u32,
    #[serde(skip_serializing_if = "is_default")]
    vat_bp: u32,
    #[serde(skip_serializing_if = "is_default")]
    on_refund: OnRefund,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    methods: BTreeMap<Method, Fee>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Written {
    fn fee(&self) -> Fee {
        let Self { fixed_minor, rate_bp, vat_bp, on_refund, .. } = *self;
        Fee { fixed_minor, rate_bp, vat_bp, on_refund }
    }

    fn of(fee: Fee, methods: BTreeMap<Method, Fee>) -> Self {
        let Fee { fixed_minor, rate_bp, vat_bp, on_refund } = fee;
        Self { fixed_minor, rate_bp, vat_bp, on_refund, methods }
    }
}

impl Serialize for Fee {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_rate_only() {
            return serializer.serialize_u32(self.rate_bp);
        }
        Written::of(*self, BTreeMap::new()).serialize(serializer)
    }
}

impl Serialize for FeePlan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.by_method.is_empty() {
            return self.usual.serialize(serializer);
        }
        Written::of(self.usual, self.by_method.clone()).serialize(serializer)
    }
}

/// Reads either form.
struct PlanVisitor;

impl<'de> Visitor<'de> for PlanVisitor {
    type Value = FeePlan;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("basis points or a fee")
    }

    fn visit_u64<E: serde::de::Error>(self, rate_bp: u64) -> Result<FeePlan, E> {
        let too_large = || E::custom("too many basis points");
        u32::try_from(rate_bp).map(FeePlan::rate).map_err(|_| too_large())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FeePlan, A::Error> {
        let written = Written::deserialize(MapAccessDeserializer::new(map))?;
        Ok(FeePlan { usual: written.fee(), by_method: written.methods })
    }
}

impl<'de> Deserialize<'de> for FeePlan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlanVisitor)
    }
}

impl<'de> Deserialize<'de> for Fee {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let plan = FeePlan::deserialize(deserializer)?;
        match plan.by_method.is_empty() {
            true => Ok(plan.usual),
            false => Err(serde::de::Error::custom("a method's fee has no methods of its own")),
        }
    }
}
