//! Which processes belong to a folder, and how they are ended: those that name it on their command line, and all that
//! descend from them. A server that was started by one of them stays found when that one is gone.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io};

use anyhow::{Result, bail};
use rustix::process::{Pid, Signal, kill_process};

const GONE_WITHIN: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(20);

struct Seen {
    parent: i32,
    names_it: bool,
}

/// Those that end by themselves while we look are left out.
fn look(folder: &str) -> io::Result<HashMap<i32, Seen>> {
    let mut all = HashMap::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let (Ok(line), Ok(stat)) =
            (fs::read(entry.path().join("cmdline")), fs::read_to_string(entry.path().join("stat")))
        else {
            continue;
        };
        let names_it =
            line.split(|byte| *byte == 0).any(|word| String::from_utf8_lossy(word).contains(folder));
        // `pid (name) state parent …`; a name may hold anything.
        let after_name = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
        let parent =
            after_name.split_whitespace().nth(1).and_then(|field| field.parse().ok()).unwrap_or_default();
        all.insert(pid, Seen { parent, names_it });
    }
    Ok(all)
}

/// All processes of `folder` but this one, parents before their children.
pub fn of(folder: &Path) -> Result<Vec<Pid>> {
    // With its end, or `m1` would stand for `m10` as well.
    let all = look(&format!("{}/", folder.display()))?;
    let own = std::process::id() as i32;
    let mut found: Vec<i32> = all.iter().filter(|(_, seen)| seen.names_it).map(|(pid, _)| *pid).collect();
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        next += 1;
        let children = all.iter().filter(|(pid, seen)| seen.parent == parent && !found.contains(pid));
        let children: Vec<i32> = children.map(|(pid, _)| *pid).collect();
        found.extend(children);
    }
    Ok(found.into_iter().filter(|pid| *pid != own).filter_map(Pid::from_raw).collect())
}

/// One that is gone already is no error.
pub fn signal(all: &[Pid], signal: Signal) {
    for pid in all {
        let _ = kill_process(*pid, signal);
    }
}

/// `kill -9` to all at once, and again to whatever they managed to start; how many there were.
pub fn end(folder: &Path) -> Result<usize> {
    let started = Instant::now();
    let first = of(folder)?;
    signal(&first, Signal::KILL);
    while started.elapsed() < GONE_WITHIN {
        // A zombie has no command line any more.
        let left = of(folder)?;
        if left.is_empty() {
            return Ok(first.len());
        }
        signal(&left, Signal::KILL);
        std::thread::sleep(LOOK);
    }
    bail!("processes of {} are still there after {} s", folder.display(), GONE_WITHIN.as_secs())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn what_a_folder_has_started_is_ended_with_its_children() {
        let folder = std::env::temp_dir().join(format!("tillgate-processes-{}", std::process::id()));
        let other = folder.with_extension("other");
        let start = |folder: &Path| {
            let script = "sleep 600 & echo $! > \"$0\"/../\"$1\"; wait";
            let name = format!("{}.pid", folder.file_name().unwrap().display());
            fs::create_dir_all(folder).unwrap();
            let child =
                Command::new("sh").args(["-c", script]).arg(folder.join("")).arg(&name).spawn().unwrap();
            (child, folder.join("..").join(name))
        };
        let ((mut one, noted), (mut two, noted_too)) = (start(&folder), start(&other));
        let grandchild = |noted: &Path| {
            let started = Instant::now();
            while started.elapsed() < GONE_WITHIN {
                if let Ok(pid) = fs::read_to_string(noted).unwrap_or_default().trim().parse::<i32>() {
                    return Path::new("/proc").join(pid.to_string());
                }
                std::thread::sleep(LOOK);
            }
            panic!("nothing was started");
        };
        let (in_one, in_two) = (grandchild(&noted), grandchild(&noted_too));
        assert_eq!(end(&folder).unwrap(), 2);
        assert!(!one.wait().unwrap().success());
        let is_running = |process: &Path| !fs::read(process.join("cmdline")).unwrap_or_default().is_empty();
        assert!(!is_running(&in_one));
        assert!(is_running(&in_two), "only what belongs to the folder is ended");
        assert_eq!(end(&other).unwrap(), 2);
        two.wait().unwrap();
        for path in [noted, noted_too] {
            fs::remove_file(path).unwrap();
        }
        fs::remove_dir_all(folder).unwrap();
        fs::remove_dir_all(other).unwrap();
    }
}
