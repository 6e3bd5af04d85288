//! The simulated issuer's page, where a payer online says that it is he.

use askama::Template;

use super::texts::{IssuerTexts, Language, Texts};

/// Why the last step did not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuerProblem {
    WrongCode,
    NoCode,
    NotUnderstood,
}

/// `/sandbox/3ds/{id}`, as long as the payer is waited for.
#[derive(Debug, Clone, Template)]
#[template(path = "sandbox_issuer.html")]
pub struct IssuerPage {
    pub language: Language,
    /// Where the form goes.
    pub action: String,
    pub seller: String,
    pub amount: String,
    pub currency: String,
    /// The network's word: `Visa`; empty for a card of none.
    pub brand: String,
    pub last_four: String,
    pub tries_left: u8,
    /// The code that is right, shown as a hint.
    pub code: &'static str,
    pub problem: Option<IssuerProblem>,
}

impl IssuerPage {
    pub fn render(&self) -> Result<String, askama::Error> {
        Template::render(self)
    }

    fn t(&self) -> &'static Texts {
        self.language.texts()
    }

    fn words(&self) -> &'static IssuerTexts {
        self.t().issuer
    }

    fn problem_text(&self) -> Option<String> {
        let words = self.words();
        self.problem.map(|problem| match problem {
            IssuerProblem::WrongCode if self.tries_left == 1 => words.wrong_code_last.to_owned(),
            IssuerProblem::WrongCode => words.wrong_code.replace("{}", &self.tries_left.to_string()),
            IssuerProblem::NoCode => words.no_code.to_owned(),
            IssuerProblem::NotUnderstood => words.not_understood.to_owned(),
        })
    }

    fn is_about_code(&self) -> bool {
        matches!(self.problem, Some(IssuerProblem::WrongCode | IssuerProblem::NoCode))
    }
}
