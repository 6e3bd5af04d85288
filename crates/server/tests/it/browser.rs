//! What shoppers see in a real browser, played from the outside with the real program.
//! Needs chromium and chromedriver, so it runs only when `TILLGATE_TEST_BROWSER=1` is set.

mod cards;
mod checkout;
mod driver;
mod gate;
mod pages;
mod payments;
mod tab;
mod terminal;
mod terminals;
mod till;
mod webshop;

/// One test per story: begins it if browsers are wanted.
macro_rules! stories {
    ($($name:ident)*) => { $(
        #[tokio::test]
        async fn $name() {
            if super::driver::is_wanted() {
                story::$name().await;
            }
        }
    )* };
}
use stories;
