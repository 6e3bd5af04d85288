//! Rust as text: code apart from comments and literals, tests apart from the program.
//!
//! Deliberately not a parser: it keeps every line in its place and blanks what it takes away.

/// The same lines three times, each with something blanked.
pub struct Source {
    /// Without comments and literals.
    pub code: String,
    /// Without anything else.
    pub comments: String,
    /// `code` without what is compiled for tests only.
    pub program: String,
    /// Modules declared for tests only that have a file of their own.
    pub test_modules: Vec<String>,
    /// Each path of each `use` of the program, with its line: `std::{net, io::Read}` is two.
    pub used_paths: Vec<(usize, String)>,
}

pub struct Function {
    pub name: String,
    pub line: usize,
    /// Between its braces.
    pub lines: usize,
}

impl Source {
    pub fn of(text: &str) -> Self {
        let (code, comments) = separate(text.as_bytes());
        let (program, test_modules) = without_tests(&code);
        let used_paths = used_paths(&program);
        Self { code, comments, program, test_modules, used_paths }
    }

    pub fn functions(&self) -> Vec<Function> {
        let mut functions = Vec::new();
        for (start, _) in words(&self.code, "fn ") {
            let rest = &self.code[start + 3..];
            let name: String = rest.chars().take_while(|letter| is_name(*letter)).collect();
            let Some(open) = body(rest) else { continue };
            let end = matching_brace(rest, open);
            let lines = rest[open..end].matches('\n').count().saturating_sub(1);
            functions.push(Function { name, line: line_of(&self.code, start), lines });
        }
        functions
    }
}

fn used_paths(program: &str) -> Vec<(usize, String)> {
    let mut paths = Vec::new();
    for (start, _) in words(program, "use ") {
        let rest = &program[start + 4..];
        let statement = &rest[..rest.find(';').unwrap_or(rest.len())];
        let mut expanded = Vec::new();
        expand("", statement, &mut expanded);
        let line = line_of(program, start);
        paths.extend(expanded.into_iter().map(|path| (line, path)));
    }
    paths
}

/// `a::{b, c::{d, e}}` to `a::b`, `a::c::d`, `a::c::e`; names given with `as` are dropped.
fn expand(before: &str, tree: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let path = tree.split(" as ").next().unwrap_or(tree);
        paths.push(format!("{before}{}", path.split_whitespace().collect::<String>()));
        return;
    };
    let before = format!("{before}{}", tree[..open].split_whitespace().collect::<String>());
    let inner = &tree[open + 1..matching_brace(tree, open).saturating_sub(1).max(open + 1)];
    let (mut depth, mut from) = (0, 0);
    for (at, letter) in inner.char_indices().chain([(inner.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !inner[from..at].trim().is_empty() {
                    expand(&before, &inner[from..at], paths);
                }
                from = (at + 1).min(inner.len());
            }
            _ => {}
        }
    }
}

/// Just behind the brace that closes the one at `open`.
fn matching_brace(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, letter) in code[open..].bytes().enumerate() {
        match letter {
            b'{' => depth += 1,
            b'}' if depth == 1 => return open + at + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

/// The brace that opens a function's body; none if it is only declared.
fn body(signature: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, letter) in signature.bytes().enumerate() {
        match letter {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return Some(at),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Where `word` stands with no letter on either side. `1.0f64` counts: a digit may stand before it.
fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    text.match_indices(word).filter(move |(start, _)| {
        let before = text[..*start].chars().next_back();
        let after = text[start + word.len()..].chars().next();
        let runs_on = word.ends_with(is_name) && after.is_some_and(is_name);
        !runs_on && !before.is_some_and(|before| before.is_ascii_alphabetic() || before == '_')
    })
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// The lines, from 1, on which `word` stands.
pub fn lines_with(text: &str, word: &str) -> Vec<usize> {
    words(text, word).map(|(start, _)| line_of(text, start)).collect()
}

/// The lines on which something below `path` is written out: `rand::random`, but not `other::rand::x`
/// nor the start of a list, which [`Source::used_paths`] has in full.
pub fn lines_with_path(text: &str, path: &str) -> Vec<usize> {
    let stands_alone = |start: usize| {
        let before = text[..start].strip_suffix("::").unwrap_or_default();
        !before.ends_with(is_name) && !text[start + path.len()..].starts_with("::{")
    };
    words(text, path)
        .filter(|(start, _)| stands_alone(*start) && text[start + path.len()..].starts_with("::"))
        .map(|(start, _)| line_of(text, start))
        .collect()
}

/// Blanks each item behind `#[cfg(test)]` and names the modules among them that have their own file.
fn without_tests(code: &str) -> (String, Vec<String>) {
    const MARK: &str = "#[cfg(test)]";
    let mut program = code.to_owned();
    let mut modules = Vec::new();
    while let Some(start) = program.find(MARK) {
        let item = start + MARK.len();
        let end = program[item..].find(['{', ';']).map_or(program.len(), |at| item + at);
        let head = program[item..end].trim();
        let has_body = program.as_bytes().get(end) == Some(&b'{');
        if let (false, Some(name)) = (has_body, head.rsplit_once("mod ").map(|(_, name)| name)) {
            modules.push(name.trim().to_owned());
        }
        let end = if has_body { matching_brace(&program, end) } else { (end + 1).min(program.len()) };
        let blank: String = program[start..end].chars().map(blanked).collect();
        program.replace_range(start..end, &blank);
    }
    (program, modules)
}

fn blanked(letter: char) -> char {
    if letter == '\n' { '\n' } else { ' ' }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

/// Code and comments, both in ASCII and with the lines of the text.
fn separate(text: &[u8]) -> (String, String) {
    let (mut code, mut comments) = (String::with_capacity(text.len()), String::with_capacity(text.len()));
    let mut at = 0;
    while at < text.len() {
        let (kind, end) = piece(text, at);
        for byte in &text[at..end] {
            let letter = if byte.is_ascii() { char::from(*byte) } else { ' ' };
            code.push(if kind == Kind::Code { letter } else { blanked(letter) });
            comments.push(if kind == Kind::Comment { letter } else { blanked(letter) });
        }
        at = end;
    }
    (code, comments)
}

/// What begins at `at`, and where it ends.
fn piece(text: &[u8], at: usize) -> (Kind, usize) {
    let rest = &text[at..];
    let after_name = at > 0 && is_name(char::from(text[at - 1]));
    if rest.starts_with(b"//") {
        let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        return (Kind::Comment, at + length);
    }
    if rest.starts_with(b"/*") {
        return (Kind::Comment, at + block_comment(rest));
    }
    if rest[0] == b'"' {
        return (Kind::Literal, at + quoted(rest));
    }
    if rest[0] == b'\'' {
        let length = character(rest);
        return (if length > 1 { Kind::Literal } else { Kind::Code }, at + length);
    }
    match raw_string(rest).filter(|_| !after_name) {
        Some(length) => (Kind::Literal, at + length),
        None => (Kind::Code, at + 1),
    }
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn quoted(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// One for a lifetime, the whole length for a character.
fn character(rest: &[u8]) -> usize {
    let close =
        |from: usize| rest.iter().skip(from).take(12).position(|byte| *byte == b'\'').map(|at| from + at + 1);
    match rest.get(1) {
        Some(b'\\') => close(3).unwrap_or(1),
        Some(first) if first.is_ascii() => close(2).filter(|end| *end == 3).unwrap_or(1),
        Some(_) => close(2).unwrap_or(1),
        None => 1,
    }
}

/// `r"…"`, `r#"…"#`, `br#"…"#`.
fn raw_string(rest: &[u8]) -> Option<usize> {
    let letters = rest.iter().take_while(|byte| matches!(byte, b'r' | b'b' | b'c')).count();
    let hashes = rest[letters..].iter().take_while(|byte| **byte == b'#').count();
    let open = letters + hashes;
    if !rest[..letters].ends_with(b"r") || letters > 2 || rest.get(open) != Some(&b'"') {
        return None;
    }
    let closing: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let inside = &rest[open + 1..];
    let length = inside.windows(closing.len()).position(|window| window == closing);
    Some(length.map_or(rest.len(), |length| open + 1 + length + closing.len()))
}
