//! Who took how much of the machine while something was measured: the server, and others. In the kernel's ticks.

use std::fs;

/// What Linux tells processes, whatever it uses itself.
const TICKS_PER_SECOND: f64 = 100.0;

#[derive(Debug, Clone, Copy, Default)]
struct Ticks {
    /// Everything, idle time too.
    all: u64,
    /// Processes, and what the host took from us.
    busy: u64,
    /// The measured process.
    child: u64,
    /// That and the measuring process.
    ours: u64,
}

#[derive(Debug)]
pub struct Noise {
    /// `None`: what is measured is this process.
    child: Option<u32>,
    start: Ticks,
}

impl Noise {
    pub fn listen(child: u32) -> Self {
        Self { child: Some(child), start: Ticks::now(Some(child)) }
    }

    /// While this process measures itself.
    pub fn listen_alone() -> Self {
        Self { child: None, start: Ticks::now(None) }
    }

    /// What the server took since, in seconds of one core.
    pub fn server_cpu_s(&self) -> f64 {
        let now = Ticks::now(self.child);
        now.child.saturating_sub(self.start.child) as f64 / TICKS_PER_SECOND
    }

    /// The share of the machine, 0 to 1, that others took since.
    pub fn share(&self) -> f64 {
        let now = Ticks::now(self.child);
        let others = (now.busy - self.start.busy).saturating_sub(now.ours.saturating_sub(self.start.ours));
        others as f64 / (now.all - self.start.all).max(1) as f64
    }
}

impl Ticks {
    fn now(child: Option<u32>) -> Self {
        let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
        let columns = numbers(stat.lines().next().and_then(|line| line.strip_prefix("cpu")));
        let at = |place: usize| columns.get(place).copied().unwrap_or_default();
        // user, nice, system; idle, iowait, irq, softirq; steal
        let busy = at(0) + at(1) + at(2) + at(7);
        let own = process("self");
        let (child, ours) = match child.map(|child| process(&child.to_string())) {
            Some(child) => (child, child + own),
            None => (own, own),
        };
        Self { all: columns.iter().take(8).sum(), busy, child, ours }
    }
}

/// User and system time of a process.
fn process(id: &str) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // The name, in brackets, may contain anything; behind it the state and then numbers.
    let after_name = stat.rsplit_once(") ").and_then(|(_, rest)| rest.get(2..));
    let columns = numbers(after_name);
    columns.get(10).copied().unwrap_or_default() + columns.get(11).copied().unwrap_or_default()
}

/// What is negative counts as 0: no time is.
fn numbers(text: Option<&str>) -> Vec<u64> {
    text.unwrap_or_default().split_whitespace().map(|word| word.parse().unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_work_is_ours() {
        let before = process("self");
        let started = std::time::Instant::now();
        let mut sum = 0_u64;
        while started.elapsed().as_millis() < 120 {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(process("self") > before);
        let ticks = Ticks::now(None);
        assert!(ticks.all >= ticks.busy && ticks.busy > 0);
    }
}
