//! Everything this process logs, read for secrets.

use std::io::Write;
use std::sync::{LazyLock, Mutex, Once};

use super::KEY;

static SECRETS: LazyLock<Mutex<Vec<String>>> = LazyLock::new(|| Mutex::new(vec![KEY.to_owned()]));
static LEAKS: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Reader;

impl Write for Reader {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        if SECRETS.lock().unwrap().iter().any(|secret| text.contains(secret.as_str())) {
            LEAKS.lock().unwrap().push(text.clone().into_owned());
        }
        if std::env::var_os("SHOW_LOGS").is_some() {
            eprint!("{text}");
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Listens to all that is logged from here on.
pub fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let _ = tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG)
            .with_ansi(false)
            .with_writer(|| Reader)
            .try_init();
    });
}

/// Another text that no log line may hold.
pub fn watch_for(secret: &str) {
    SECRETS.lock().unwrap().push(secret.to_owned());
}

pub fn assert_no_secret() {
    assert!(LEAKS.lock().unwrap().is_empty(), "logged secrets: {:?}", LEAKS.lock().unwrap());
}
