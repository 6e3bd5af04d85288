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

impl OrderSearch {
    /// The columns that are asked for, each with its word.
    pub(crate) fn words(&self) -> Vec<(&'static str, &String)> {
        let all = [
            ("operator", &self.operator),
            ("terminal", &self.terminal),
            ("room", &self.room),
            ("state", &self.state),
        ];
        all.into_iter().filter(|(_, word)| !word.is_empty()).collect()
    }
}
