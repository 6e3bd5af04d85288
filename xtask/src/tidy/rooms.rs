//! The rooms: which crate may know which, and what the pure ones may not touch.

use std::collections::BTreeSet;

use super::File;
use super::source::{Source, lines_with, lines_with_path};

/// A crate in `crates/` and the crates of ours it may be built on. Tests may use more.
struct Room {
    name: &'static str,
    may_use: &'static [&'static str],
    /// No clock, randomness, sockets or database.
    is_pure: bool,
}

const ROOMS: &[Room] = &[
    Room { name: "core", may_use: &[], is_pure: true },
    Room { name: "protocols", may_use: &["core"], is_pure: true },
    Room { name: "channels", may_use: &["core"], is_pure: true },
    Room { name: "sim", may_use: &[], is_pure: true },
    Room { name: "store", may_use: &["core"], is_pure: false },
    Room { name: "scratch", may_use: &[], is_pure: false },
    Room { name: "server", may_use: &["core", "protocols", "channels", "store", "sim"], is_pure: false },
    Room {
        name: "bench",
        may_use: &["core", "protocols", "channels", "store", "sim", "server", "scratch"],
        is_pure: false,
    },
];

/// What a pure crate may not be built on.
const IMPURE_PACKAGES: &[&str] =
    &["tokio", "rand", "getrandom", "rusqlite", "tokio-postgres", "hyper", "axum", "reqwest", "chrono"];
/// What a pure crate may not name, wherever it stands in a path.
const IMPURE_PATHS: &[&str] = &[
    "tokio",
    "std::net",
    "std::time::SystemTime",
    "std::time::Instant",
    "rand",
    "getrandom",
    "rusqlite",
    "aws_lc_rs::rand",
];
/// Plain values among them.
const PURE_PATHS: &[&str] = &["std::net::IpAddr", "std::net::Ipv4Addr", "std::net::Ipv6Addr"];
/// Names nothing else has, so that no way of importing them goes unseen.
const IMPURE_NAMES: &[&str] =
    &["SystemTime", "Instant", "SystemRandom", "TcpStream", "TcpListener", "UdpSocket"];

/// Crates whose folders are rooms of their own, and the folders in them that all may use.
const ROOMY: &[(&str, &[&str])] = &[("protocols", &["wire"]), ("channels", &[])];

pub fn check(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        let Some((name, _)) = file.path.strip_prefix("crates/").and_then(|path| path.split_once('/')) else {
            continue;
        };
        match ROOMS.iter().find(|room| room.name == name) {
            None => findings.push(format!("crates/{name}: is not in the table of rooms")),
            Some(room) if file.path == format!("crates/{name}/Cargo.toml") => {
                findings.extend(packages(room, file));
            }
            Some(room) => findings.extend(knowledge(room, file)),
        }
    }
    findings.extend(inner_rooms(files));
    findings
}

fn packages(room: &Room, manifest: &File) -> Vec<String> {
    let mut findings = Vec::new();
    for (line, package) in dependencies(&manifest.text) {
        let ours = if package == "tillgate" { Some("server") } else { package.strip_prefix("tillgate-") };
        if let Some(other) = ours.filter(|other| !room.may_use.contains(other)) {
            findings.push(manifest.at(line, &format!("{} may not be built on {other}", room.name)));
        }
        if room.is_pure && IMPURE_PACKAGES.contains(&package.as_str()) {
            findings.push(manifest.at(line, &format!("{} is pure, {package} is not", room.name)));
        }
    }
    findings
}

/// Packages of `[dependencies]` and its like, but not of `[dev-dependencies]`, with their lines.
fn dependencies(manifest: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut is_listing = false;
    for (line, text) in (1..).zip(manifest.lines()) {
        let text = text.trim();
        if let Some(section) = text.strip_prefix('[').and_then(|text| text.split(']').next()) {
            is_listing = section == "dependencies"
                || section == "build-dependencies"
                || section.starts_with("target.") && section.ends_with(".dependencies");
            if let Some((_, package)) =
                section.split_once("dependencies.").filter(|(kind, _)| *kind != "dev-")
            {
                found.push((line, package.to_owned()));
            }
            continue;
        }
        let name = text.split(['=', '.', ' ']).next().unwrap_or_default();
        if is_listing && !name.is_empty() && !name.starts_with('#') {
            found.push((line, name.to_owned()));
            let renamed = text.split_once("package = \"").and_then(|(_, rest)| rest.split('"').next());
            found.extend(renamed.map(|package| (line, package.to_owned())));
        }
    }
    found
}

fn knowledge(room: &Room, file: &File) -> Vec<String> {
    let (Some(program), Some(source)) = (file.program(), &file.source) else { return Vec::new() };
    let blanked = |text: String, pure: &&str| text.replace(pure, &" ".repeat(pure.len()));
    let program = &PURE_PATHS.iter().fold(program.to_owned(), blanked);
    let mut findings = Vec::new();
    for other in ROOMS.iter().filter(|other| other.name != room.name && !room.may_use.contains(&other.name)) {
        let krate =
            if other.name == "server" { "tillgate".into() } else { format!("tillgate_{}", other.name) };
        for line in mentions(program, source, &krate) {
            findings.push(file.at(line, &format!("{} may not know {}", room.name, other.name)));
        }
    }
    if room.is_pure {
        let names = IMPURE_NAMES
            .iter()
            .flat_map(|name| lines_with(program, name).into_iter().map(move |line| (line, name)));
        let paths = IMPURE_PATHS
            .iter()
            .flat_map(|path| mentions(program, source, path).into_iter().map(move |line| (line, path)));
        for (line, what) in names.chain(paths) {
            findings.push(file.at(line, &format!("{} is pure, {what} is not", room.name)));
        }
    }
    findings
}

/// Lines that use a path or anything below it, by `use` or written out.
fn mentions(program: &str, source: &Source, path: &str) -> Vec<usize> {
    let used = source.used_paths.iter().filter(|(_, used)| {
        let used = used.trim_start_matches("::");
        if PURE_PATHS.contains(&used) {
            return false;
        }
        used.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    });
    let written = lines_with_path(program, path).into_iter();
    used.map(|(line, _)| *line).chain(written).collect()
}

/// Rooms in one crate do not know each other.
fn inner_rooms(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for (krate, shared) in ROOMY {
        let top = format!("crates/{krate}/src/");
        let inside = |file: &File| -> Option<String> {
            file.path.strip_prefix(&top)?.split_once('/').map(|(room, _)| room.to_owned())
        };
        let rooms: BTreeSet<String> =
            files.iter().filter_map(inside).filter(|room| !shared.contains(&room.as_str())).collect();
        for file in files {
            let (Some(own), Some(program), Some(source)) = (inside(file), file.program(), &file.source)
            else {
                continue;
            };
            for other in rooms.iter().filter(|room| **room != own) {
                let mut lines = lines_with_path(program, &format!("crate::{other}"));
                let used = source.used_paths.iter();
                lines.extend(used.filter(|(_, path)| leads_to(path, other)).map(|(line, _)| *line));
                for line in lines {
                    findings.push(file.at(line, &format!("{own} may not know {other}")));
                }
            }
        }
    }
    findings
}

/// `crate::other`, or `super::super::other::Thing`.
fn leads_to(path: &str, room: &str) -> bool {
    let mut parts = path.split("::").peekable();
    let is_ours = matches!(parts.peek(), Some(&("crate" | "super" | "self")));
    is_ours && parts.find(|part| !matches!(*part, "crate" | "super" | "self")) == Some(room)
}
