//! Orders by who sold them and where.

/// Empty words match every order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderSearch {
    pub room: String,
    pub operator: String,
    pub terminal: String,
    /// The word of [`tillgate_core::OrderState::name`].
    pub state: String,
    pub limit: u32,
}
