#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_debug_implementations, dead_code)]
mod browser;
mod harness {
    pub mod http;
    pub mod openssl;
    pub const KEY: &str = "111222333";
    pub fn unique(word: &str) -> String {
        static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
        format!("{word}-{}", COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }
    pub async fn eventually<T>(
        what: &str,
        patience: std::time::Duration,
        mut look: impl AsyncFnMut() -> Option<T>,
    ) -> T {
        let started = std::time::Instant::now();
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(started.elapsed() < patience, "not within {patience:?}: {what}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}
