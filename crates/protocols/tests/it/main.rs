//! The rooms seen from outside, as a merchant's software and the server see them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests stop at the first surprise"
)]

mod codepay;
mod ecrhub;
mod hunt;
mod latipay;
mod ottpay;
