//! Stories that mostly wait run side by side, so that the whole takes as long as the slowest.

use std::pin::Pin;

use tokio::task::{LocalSet, spawn_local};

pub type Story = Pin<Box<dyn Future<Output = ()>>>;

/// Runs them all to their end; then fails with the name of each that failed.
pub async fn together(stories: Vec<(String, Story)>) {
    let mut failed = Vec::new();
    let all = async {
        let begun: Vec<_> = stories.into_iter().map(|(name, story)| (name, spawn_local(story))).collect();
        for (name, task) in begun {
            if let Err(error) = task.await {
                failed.push(format!("{name}: {}", said(error)));
            }
        }
    };
    LocalSet::new().run_until(all).await;
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

fn said(error: tokio::task::JoinError) -> String {
    let panic = error.into_panic();
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

/// One of them.
pub fn story(name: impl Into<String>, story: impl Future<Output = ()> + 'static) -> (String, Story) {
    (name.into(), Box::pin(story))
}
