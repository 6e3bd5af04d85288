//! OTT Pay from outside: stories, the seed's tables, bad input, and `openssl` as the till.

mod abandoned;
mod active;
mod bad_input;
mod documents;
mod keys;
mod passive;
mod peer;

mod prepay;
mod races;
mod refunds;
mod till;
