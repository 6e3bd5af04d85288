//! tillgate, the program: configuration, HTTP, workers, pages, the command line.
//!
//! Knows how the rooms, the engine, the store and the channels are put together. Deliberately does not
//! know business rules (`tillgate_core`) or signature rules (`tillgate_protocols`).

pub mod alarm;
pub mod app;
pub mod archive;
pub mod books;
pub mod bus;
pub mod channels;
pub mod cli;
pub mod clock;
pub mod config;
pub mod database;
pub mod directory;
pub mod gateway;
pub mod http;
pub mod logging;
pub mod meters;
pub mod numbers;
pub mod outbound;
pub mod pages;
pub mod pool;
pub mod qr;
pub mod random;
pub mod rates;
pub mod rooms;
pub mod sandbox;
pub mod terminals;
pub mod vault;
pub mod work;
