//! `tidy`: reads the repository and says what breaks the rules of the house.
//!
//! Knows: rules that a look at the text can settle, and the short lists of exceptions to them.
//! Deliberately does not know: anything the compiler, clippy or cargo-deny already says.

mod rooms;
mod source;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use source::Source;

/// A file may have as many lines.
const FILE_LINES: usize = 500;
/// The body of a function may have as many lines.
const FUNCTION_LINES: usize = 80;

/// Ratchets: what is longer today may only become shorter. An entry that is no longer needed is a finding.
const LONG_FILES: &[(&str, usize)] = &[];
/// File, function, lines.
const LONG_FUNCTIONS: &[(&str, &str, usize)] = &[];

/// Where a float does not measure money.
const MAY_USE_FLOATS: &[&str] = &[
    "crates/bench/",
    // Seconds of the metrics' histogram.
    "crates/server/src/http/admin.rs",
];

/// Folders that are not ours to read.
const SKIPPED: &[&str] = &[".git", "target", "tillgate-data", "tillgate-sandbox", "node_modules"];
/// Files with a limit on their length and no notes to ourselves in them.
const PROGRAM_TEXT: &[&str] = &["rs", "js", "css", "html", "sql", "sh"];
const DRAWERS: &[&str] = &["util", "utils", "common", "helper", "helpers"];

/// A text file of the repository.
struct File {
    /// From the root, with `/`.
    path: String,
    text: String,
    /// Set for Rust.
    source: Option<Source>,
    /// Only compiled for tests.
    is_test: bool,
}

impl File {
    fn of(path: String, text: String) -> Self {
        let source = path.ends_with(".rs").then(|| Source::of(&text));
        Self { path, text, source, is_test: false }
    }

    fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.split('.').next().unwrap_or(name)
    }

    fn is_kind(&self, endings: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
    }

    /// Rust that ends up in the program: without comments, literals and tests.
    fn program(&self) -> Option<&str> {
        self.source.as_ref().filter(|_| !self.is_test).map(|source| source.program.as_str())
    }

    fn at(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }
}

/// Everything that is wrong below `root`, sorted; empty when the house is tidy.
pub fn check(root: &Path) -> Vec<String> {
    judge(read(root))
}

fn judge(mut files: Vec<File>) -> Vec<String> {
    mark_tests(&mut files);
    let mut findings = rooms::check(&files);
    if !files.iter().any(|file| file.path == "LICENSE") {
        findings.push("LICENSE: is missing".into());
    }
    for file in &files {
        findings.extend(lengths(file));
        findings.extend(notes(file));
        findings.extend(floats(file));
        findings.extend(names(file));
        findings.extend(openings(file));
        findings.extend(home_paths(file));
    }
    findings.extend(spare_exceptions(&files));
    findings.sort();
    findings.dedup();
    findings
}

fn read(root: &Path) -> Vec<File> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !SKIPPED.iter().any(|skipped| name == *skipped) => {
                    folders.push(path);
                }
                Ok(kind) if kind.is_file() => files.extend(read_file(root, &path)),
                _ => {}
            }
        }
    }
    files
}

/// None for what is not text.
fn read_file(root: &Path, path: &Path) -> Option<File> {
    let text = fs::read_to_string(path).ok()?;
    let path = path.strip_prefix(root).ok()?.to_str()?.replace('\\', "/");
    Some(File::of(path, text))
}

/// A test is what stands in `tests` or `benches`, or below a module declared for tests only.
fn mark_tests(files: &mut [File]) {
    let mut modules = BTreeSet::new();
    for file in files.iter() {
        let folder = module_folder(&file.path);
        for name in file.source.iter().flat_map(|source| &source.test_modules) {
            modules.insert(format!("{folder}/{name}"));
        }
    }
    for file in files {
        let path = &file.path;
        let below = |module: &String| {
            path.strip_prefix(module.as_str()).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        file.is_test = path.split('/').any(|part| part == "tests" || part == "benches")
            || path.starts_with("tests/")
            || modules.iter().any(below);
    }
}

/// Where the modules a file declares are: beside `lib.rs`, below `order.rs`.
fn module_folder(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
    match name {
        "lib.rs" | "main.rs" | "mod.rs" => folder.to_owned(),
        _ => path.trim_end_matches(".rs").to_owned(),
    }
}

fn lengths(file: &File) -> Vec<String> {
    let mut findings = Vec::new();
    let lines = file.text.lines().count();
    let allowed = allowed_file(&file.path).unwrap_or(FILE_LINES);
    if file.is_kind(PROGRAM_TEXT) && lines > allowed {
        findings.push(file.at(lines, &format!("{lines} lines, {allowed} are allowed")));
    }
    for function in file.source.iter().flat_map(Source::functions) {
        let allowed = allowed_function(&file.path, &function.name).unwrap_or(FUNCTION_LINES);
        if function.lines > allowed {
            let what = format!("fn {} has {} lines, {allowed} are allowed", function.name, function.lines);
            findings.push(file.at(function.line, &what));
        }
    }
    findings
}

fn allowed_file(path: &str) -> Option<usize> {
    LONG_FILES.iter().find(|(long, _)| *long == path).map(|(_, lines)| *lines)
}

fn allowed_function(path: &str, name: &str) -> Option<usize> {
    LONG_FUNCTIONS.iter().find(|(file, long, _)| *file == path && *long == name).map(|(_, _, lines)| *lines)
}

fn spare_exceptions(files: &[File]) -> Vec<String> {
    let file_lines =
        |path: &str| files.iter().find(|file| file.path == path).map_or(0, |file| file.text.lines().count());
    let function_lines = |path: &str, name: &str| {
        let sources = files.iter().filter(|file| file.path == path).filter_map(|file| file.source.as_ref());
        let functions = sources.flat_map(Source::functions).filter(|function| function.name == name);
        functions.map(|function| function.lines).max().unwrap_or(0)
    };
    let spare_files = LONG_FILES.iter().filter(|(path, lines)| file_lines(path) < *lines);
    let spare_functions =
        LONG_FUNCTIONS.iter().filter(|(path, name, lines)| function_lines(path, name) < *lines);
    spare_files
        .map(|(path, _)| format!("{path}: is shorter than its exception in tidy.rs, lower that"))
        .chain(spare_functions.map(|(path, name, _)| {
            format!("{path}: fn {name} is shorter than its exception in tidy.rs, lower that")
        }))
        .collect()
}

/// What was left for later is either an issue or nothing.
fn notes(file: &File) -> Vec<String> {
    if !file.is_kind(PROGRAM_TEXT) {
        return Vec::new();
    }
    let (code, comments) =
        file.source.as_ref().map_or(("", file.text.as_str()), |source| (&source.code, &source.comments));
    let mut findings = Vec::new();
    for (text, words) in [(code, ["todo!", "unimplemented!"]), (comments, ["FIXME", "XXX"])] {
        for word in words {
            for line in source::lines_with(text, word) {
                findings.push(file.at(line, &format!("{word} is left")));
            }
        }
    }
    findings
}

fn floats(file: &File) -> Vec<String> {
    if MAY_USE_FLOATS.iter().any(|folder| file.path.starts_with(folder)) {
        return Vec::new();
    }
    let Some(program) = file.program() else { return Vec::new() };
    let lines_with = |float| source::lines_with(program, float).into_iter().map(move |line| (line, float));
    ["f32", "f64"]
        .into_iter()
        .flat_map(lines_with)
        .map(|(line, float)| file.at(line, &format!("{float}: amounts are whole minor units")))
        .collect()
}

/// A name says what is in a place; these say that somebody did not know.
fn names(file: &File) -> Vec<String> {
    let folders = file.path.rsplit_once('/').map_or("", |(folders, _)| folders);
    let mut findings = Vec::new();
    for name in folders.split('/').chain([file.stem()]).filter(|name| DRAWERS.contains(name)) {
        findings.push(format!("{}: a place called {name}", file.path));
    }
    for drawer in DRAWERS {
        let code = file.source.as_ref().map_or("", |source| source.code.as_str());
        for line in source::lines_with(code, &format!("mod {drawer}")) {
            findings.push(file.at(line, &format!("a module called {drawer}")));
        }
    }
    findings
}

fn openings(file: &File) -> Vec<String> {
    let is_entrance = ["/lib.rs", "/main.rs", "/mod.rs"].iter().any(|name| file.path.ends_with(name));
    if is_entrance && !file.text.starts_with("//!") {
        return vec![file.at(1, "does not open with what the place knows (//!)")];
    }
    Vec::new()
}

/// A path that exists on one machine only.
fn home_paths(file: &File) -> Vec<String> {
    let homes =
        [["/ho", "me/"], ["/Use", "rs/"], ["/ro", "ot/"], ["\\Use", "rs\\"]].map(|parts| parts.concat());
    let mut findings = Vec::new();
    for (line, text) in (1..).zip(file.text.lines()) {
        for home in &homes {
            if is_path_on_its_own(text, home) {
                findings.push(file.at(line, &format!("{home} is a path of one machine")));
            }
        }
    }
    findings
}

/// At the start of a path (not in the middle of an address) and with a name behind it.
fn is_path_on_its_own(text: &str, home: &str) -> bool {
    text.match_indices(home).any(|(start, _)| {
        let before = text[..start].chars().next_back();
        let after = text[start + home.len()..].chars().next();
        !before.is_some_and(|before| before.is_alphanumeric() || matches!(before, '/' | '.' | '}'))
            && after.is_some_and(|after| after.is_alphanumeric() || after == '.')
    })
}
