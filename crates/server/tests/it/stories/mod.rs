//! Stories from the order to the money back, one file per way of paying or per trouble.

mod bar_code;
mod issuer;
mod keys;
pub mod mini_app;
mod notify;
mod online;
mod refunds;
mod repeat;
mod restart;
mod rules;
mod stop;
mod switches;
mod till;
mod waiting;
