//! The merchant protocols, and the one of card terminals, a room each.
//!
//! Knows: every word, field, code and signature a merchant's software or a terminal sends or expects, in the
//! server's role and, of merchants, in the client's. Deliberately does not know: other rooms (each leans only on
//! `core` and on [`wire`]), channels, HTTP servers, SQL, a clock or randomness. Time and random bits are arguments.

pub mod codepay;
pub mod ecrhub;
pub mod latipay;
pub mod ottpay;
pub mod wire;
