//! The end of a run: all come to rest, and what each side says is compared.

use std::fmt;
use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use tokio::task::spawn_local;

use super::audit_ottpay::Coverage;
use super::check::{Finding, KINDS, Kind};
use super::home::Home;
use super::line::Line;
use super::sides::Sides;
use super::{audit, audit_ottpay, codepay};

/// Findings that are printed; all are counted.
const SHOWN: usize = 30;

/// What was found, and what there was to find it in.
#[derive(Debug, Default)]
pub struct Count {
    pub findings: Vec<Finding>,
    orders: usize,
    notices: usize,
    ottpay: Coverage,
    codepay: codepay::audit::Coverage,
}

impl Count {
    /// At a gateway that works and is left alone by now.
    pub async fn settle(&mut self, sides: &mut Sides, home: &Home, address: SocketAddr) -> Result<()> {
        sides.terminals.introduce(home).await?;
        sides.terminals.all_on();
        let watching = spawn_local(audit_ottpay::watch(sides.desk.clone(), address));
        self.findings.extend(audit::settle(home).await?);
        watching.abort();
        let mut line = Line::open(address, &sides.book).await?;
        sides.counter.learn_key(&mut line).await?;
        codepay::audit::close_batches(&sides.counter, &mut line).await?;
        self.findings.extend(audit::settle(home).await?);
        let left = sides.terminals.all_off().await;
        self.findings.extend(left.into_iter().map(|text| Finding::new(Kind::Unsettled, text)));
        let (found, coverage, mut at_terminals) =
            audit::orders(&sides.shop, &sides.desk, &sides.counter, address, home)
                .await
                .context("the reckoning")?;
        self.findings.extend(found);
        self.ottpay.add(coverage);
        at_terminals.cuts = sides.terminals.cuts;
        self.codepay.add(at_terminals);
        let mut book = sides.book.borrow_mut();
        let complaints = std::mem::take(&mut book.complaints);
        self.findings.extend(complaints.into_iter().map(|text| Finding::new(Kind::OneSided, text)));
        self.orders += book.acknowledged() + book.ottpay.acknowledged() + book.codepay.acknowledged();
        self.notices += book.notices.values().map(Vec::len).sum::<usize>();
        self.notices += book.ottpay.callbacks.values().map(Vec::len).sum::<usize>();
        self.notices += book.codepay.callbacks.values().map(Vec::len).sum::<usize>();
        Ok(())
    }

    /// Prints the first findings; true if there are none.
    pub fn report(&self) -> bool {
        for finding in self.findings.iter().take(SHOWN) {
            println!("{:?}: {}", finding.kind, finding.text);
        }
        self.findings.is_empty()
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |kind: Kind| self.findings.iter().filter(|finding| finding.kind == kind).count();
        let kinds: Vec<String> = KINDS
            .iter()
            .map(|kind| format!("{} {}", of(*kind), format!("{kind:?}").to_lowercase()))
            .collect();
        let (orders, notices) = (self.orders, self.notices);
        writeln!(f, "{orders} orders acknowledged, {notices} notifications: {}", kinds.join(", "))?;
        writeln!(f, "of them OTT Pay: {}", self.ottpay)?;
        write!(f, "of them CodePay: {}", self.codepay)
    }
}
