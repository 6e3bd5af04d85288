//! What a room asks of whoever knows the channels.

/// Whether some channel of the merchant takes a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    Yes,
    /// No channel takes the method.
    NoChannel,
    /// One does, but not this way of paying.
    NoFlow,
}
