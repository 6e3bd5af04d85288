//! The merchant protocols, a room each.
//!
//! Knows: every word, field, code and signature a merchant's software sends or expects, in the server's role and
//! in the client's. Deliberately does not know: other rooms (each leans only on `core` and on [`wire`]), channels,
//! HTTP servers, SQL, a clock or randomness. Time and random bits are arguments.

pub mod codepay;
pub mod latipay;
pub mod ottpay;
pub mod wire;
