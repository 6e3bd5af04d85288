//! Counters by the values of their labels, each looked up in the recorder once: that costs more than counting does.

use std::fmt;

use metrics::{Counter, Label};
use parking_lot::RwLock;

/// One metric with `N` labels. Their values must be few: none is ever forgotten.
pub struct Meters<const N: usize> {
    name: &'static str,
    labels: [&'static str; N],
    known: RwLock<Vec<([Box<str>; N], Counter)>>,
}

impl<const N: usize> fmt::Debug for Meters<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Meters({})", self.name)
    }
}

impl<const N: usize> Meters<N> {
    pub fn new(name: &'static str, labels: [&'static str; N]) -> Self {
        Self { name, labels, known: RwLock::default() }
    }

    pub fn count(&self, values: [&str; N]) {
        let is_this = |kept: &[Box<str>; N]| kept.iter().zip(values).all(|(kept, value)| **kept == *value);
        if let Some((_, counter)) = self.known.read().iter().find(|(kept, _)| is_this(kept)) {
            return counter.increment(1);
        }
        let mut known = self.known.write();
        // Another may have been faster.
        let place = known.iter().position(|(kept, _)| is_this(kept)).unwrap_or_else(|| {
            let named = self.labels.iter().zip(values);
            let labels: Vec<Label> =
                named.map(|(label, value)| Label::new(*label, value.to_owned())).collect();
            known.push((values.map(Into::into), metrics::counter!(self.name, labels)));
            known.len() - 1
        });
        known[place].1.increment(1);
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn each_combination_is_a_counter_of_its_own() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let meters = Meters::new("doors_total", ["colour", "side"]);
        metrics::with_local_recorder(&recorder, || {
            for values in [["red", "in"], ["red", "out"], ["red", "in"], ["blue", "in"]] {
                meters.count(values);
            }
        });
        let shown = recorder.handle().render();
        for line in [
            r#"doors_total{colour="red",side="in"} 2"#,
            r#"doors_total{colour="red",side="out"} 1"#,
            r#"doors_total{colour="blue",side="in"} 1"#,
        ] {
            assert!(shown.contains(line), "{line}\n{shown}");
        }
    }
}
