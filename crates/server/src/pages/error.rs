//! The plain page for an address that leads nowhere or a request that failed.

use askama::Template;

use super::texts::{Language, StateText, Texts};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    NotFound,
    WrongMethod,
    TooMany,
    Ours,
}

impl ErrorKind {
    pub const ALL: [ErrorKind; 4] =
        [ErrorKind::NotFound, ErrorKind::WrongMethod, ErrorKind::TooMany, ErrorKind::Ours];

    pub fn status(self) -> u16 {
        match self {
            ErrorKind::NotFound => 404,
            ErrorKind::WrongMethod => 405,
            ErrorKind::TooMany => 429,
            ErrorKind::Ours => 500,
        }
    }
}

#[derive(Debug, Clone, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    pub language: Language,
    pub kind: ErrorKind,
    /// What to quote to support, if it was logged.
    pub incident: Option<String>,
}

impl ErrorPage {
    pub fn render(&self) -> Result<String, askama::Error> {
        Template::render(self)
    }

    fn t(&self) -> &'static Texts {
        self.language.texts()
    }

    fn says(&self) -> &'static StateText {
        let errors = &self.t().errors;
        match self.kind {
            ErrorKind::NotFound => &errors.not_found,
            ErrorKind::WrongMethod => &errors.wrong_method,
            ErrorKind::TooMany => &errors.too_many,
            ErrorKind::Ours => &errors.ours,
        }
    }
}
