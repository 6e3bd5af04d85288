//! Card terminals in the browser: the page is a frame, `static/terminal.js` is the terminal.

use askama::Template;
use serde::Serialize;

use super::links;
use super::texts::{Language, TerminalTexts, Texts};

/// `/sandbox/terminal/{sn}`, one terminal with everything open, and `/sandbox/terminals`, several side by side.
#[derive(Debug, Clone, Template)]
#[template(path = "sandbox_terminal.html")]
pub struct TerminalsPage {
    pub language: Language,
    /// The page of one terminal.
    pub alone: bool,
    /// The address names those of several that are shown.
    pub chosen: bool,
    pub terminals: Vec<TerminalView>,
    pub cards: Vec<CardView>,
    /// Where terminals connect: `/terminal/v1`.
    pub socket: &'static str,
}

#[derive(Debug, Clone)]
pub struct TerminalView {
    pub sn: String,
    /// What it connects with. Only the sandbox's own terminals come here.
    pub secret: String,
    pub merchant: String,
    pub store: String,
}

/// A test card as the script draws it, in the page's language.
#[derive(Debug, Clone, Serialize)]
pub struct CardView {
    pub pan: String,
    /// The brand as the protocol writes it: `MasterCard`.
    pub brand: String,
    /// `credit`, `debit`, `gift` or `ebt`.
    pub kind: &'static str,
    pub title: String,
    /// What the acquirer does with it.
    pub about: String,
    /// Asks for a PIN when it is read.
    pub asks_pin: bool,
}

impl TerminalsPage {
    pub fn render(&self) -> Result<String, askama::Error> {
        Template::render(self)
    }

    fn t(&self) -> &'static Texts {
        self.language.texts()
    }

    fn words(&self) -> &'static TerminalTexts {
        self.t().terminal
    }

    fn texts_json(&self) -> String {
        serde_json::to_string(self.words()).unwrap_or_default()
    }

    fn cards_json(&self) -> String {
        serde_json::to_string(&self.cards).unwrap_or_default()
    }

    /// Beside `lang`, so that the page in the other language has the same terminals.
    fn more_query(&self) -> String {
        let named = |one: &TerminalView| format!("&sn={}", links::encoded(&one.sn));
        if self.chosen { self.terminals.iter().map(named).collect() } else { String::new() }
    }

    fn headline(&self) -> &str {
        match self.terminals.first() {
            Some(one) if self.alone => &one.sn,
            _ => self.words().title,
        }
    }
}
