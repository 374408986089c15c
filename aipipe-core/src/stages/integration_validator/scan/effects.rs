//! Calls that reach out of the process as soon as a file is imported: at the top level of a module, in no function.

use crate::domain::{RepoPath, TextSpan};

/// Such a call.
#[derive(Debug)]
pub(super) struct Effect {
    pub(super) what: &'static str,
    pub(super) span: TextSpan,
}

const NETWORK: &str = "calls the network";
const PROCESS: &str = "starts a process";
const EVAL: &str = "runs text as code";

const SCRIPT_CALLS: &[(&str, &str)] = &[
    ("fetch(", NETWORK),
    ("axios(", NETWORK),
    ("axios.get(", NETWORK),
    ("axios.post(", NETWORK),
    ("http.request(", NETWORK),
    ("http.get(", NETWORK),
    ("https.request(", NETWORK),
    ("https.get(", NETWORK),
    ("net.connect(", NETWORK),
    ("net.createConnection(", NETWORK),
    ("new WebSocket(", NETWORK),
    ("new XMLHttpRequest(", NETWORK),
    ("exec(", PROCESS),
    ("execSync(", PROCESS),
    ("execFile(", PROCESS),
    ("execFileSync(", PROCESS),
    ("spawn(", PROCESS),
    ("spawnSync(", PROCESS),
    ("fork(", PROCESS),
    ("eval(", EVAL),
    ("new Function(", EVAL),
];

const PYTHON_CALLS: &[(&str, &str)] = &[
    ("requests.get(", NETWORK),
    ("requests.post(", NETWORK),
    ("requests.request(", NETWORK),
    ("httpx.get(", NETWORK),
    ("httpx.post(", NETWORK),
    ("httpx.request(", NETWORK),
    ("urlopen(", NETWORK),
    ("urlretrieve(", NETWORK),
    ("socket.create_connection(", NETWORK),
    ("socket.socket(", NETWORK),
    ("subprocess.run(", PROCESS),
    ("subprocess.call(", PROCESS),
    ("subprocess.check_call(", PROCESS),
    ("subprocess.check_output(", PROCESS),
    ("subprocess.Popen(", PROCESS),
    ("os.system(", PROCESS),
    ("os.popen(", PROCESS),
    ("os.execv(", PROCESS),
    ("eval(", EVAL),
    ("exec(", EVAL),
];

pub(super) fn find(path: &RepoPath, text: &str) -> Vec<Effect> {
    match path.extension() {
        Some("ts" | "tsx" | "js" | "jsx" | "mjs" | "cjs" | "mts" | "cts" | "vue") => {
            calls(&script_top_level(text), SCRIPT_CALLS)
        }
        Some("py") => calls(&python_top_level(text), PYTHON_CALLS),
        _ => Vec::new(),
    }
}

/// Calls in a text of the same length in which everything that is not top-level code is blank.
fn calls(code: &str, known: &[(&str, &'static str)]) -> Vec<Effect> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in code.split_inclusive('\n') {
        if line.contains('(') {
            for (call, what) in known {
                let free = |at: &usize| {
                    let before = line.get(..*at).and_then(|before| before.chars().next_back());
                    let is_member = before == Some('.') && !call.contains('.');
                    // `RegExp.exec(` and `prefetch(` are other functions.
                    !is_member && !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
                };
                let is_declared = ["function ", "def ", "=>", "lambda"].iter().any(|word| line.contains(word));
                if let Some((place, _)) = line.match_indices(call).find(|(at, _)| free(at)).filter(|_| !is_declared) {
                    let start = at + place;
                    found.push(Effect { what, span: TextSpan { start, end: start + call.len() } });
                }
            }
        }
        at += line.len();
    }
    found
}

/// The code outside braces, comments, texts and regular expressions; all else is blank.
fn script_top_level(text: &str) -> String {
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum In {
        Code,
        Line,
        Block,
        Text(char),
        Pattern { class: bool },
    }
    let mut out = String::with_capacity(text.len());
    let (mut state, mut depth, mut escaped) = (In::Code, 0_usize, false);
    let mut last = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        let mut keep = false;
        match state {
            In::Code => match c {
                '/' if next == Some('/') => state = In::Line,
                '/' if next == Some('*') => state = In::Block,
                '/' if matches!(
                    last,
                    '(' | ',' | '=' | ':' | '[' | '!' | '&' | '|' | '?' | '{' | '}' | ';' | '\n' | ' '
                ) =>
                {
                    state = In::Pattern { class: false };
                }
                '"' | '\'' | '`' => state = In::Text(c),
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => keep = depth == 0,
            },
            In::Line if c == '\n' => state = In::Code,
            In::Block if c == '*' && next == Some('/') => {
                chars.next();
                out.push(' ');
                state = In::Code;
            }
            // A line break ends a text that was none.
            In::Text('"' | '\'') | In::Pattern { .. } if c == '\n' => (state, escaped) = (In::Code, false),
            In::Text(_) | In::Pattern { .. } if escaped => escaped = false,
            In::Text(_) | In::Pattern { .. } if c == '\\' => escaped = true,
            In::Text(quote) if c == quote => state = In::Code,
            In::Pattern { class: false } if c == '/' => state = In::Code,
            In::Pattern { .. } if c == '[' => state = In::Pattern { class: true },
            In::Pattern { .. } if c == ']' => state = In::Pattern { class: false },
            In::Line | In::Block | In::Text(_) | In::Pattern { .. } => {}
        }
        if c == '\n' || !c.is_whitespace() {
            last = if state == In::Code { c } else { 'x' };
        }
        blank(&mut out, c, keep || c == '\n');
    }
    out
}

/// The lines without indentation, outside texts of several lines.
fn python_top_level(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let was_open = open.is_some();
        let mut rest = line;
        loop {
            match open {
                Some(quotes) => match rest.split_once(quotes) {
                    Some((_, after)) => (open, rest) = (None, after),
                    None => break,
                },
                None => match triple_quotes(rest) {
                    Some((quotes, after)) => (open, rest) = (Some(quotes), after),
                    None => break,
                },
            }
        }
        let is_code = !was_open && !line.starts_with([' ', '\t', '#', '"', '\'', '@', ')', ']', '}']);
        let is_inner = ["def ", "class ", "async ", "from ", "import "].iter().any(|word| line.starts_with(word));
        line.chars().for_each(|c| blank(&mut out, c, (is_code && !is_inner) || c == '\n'));
    }
    out
}

/// The first triple quotes and what follows them.
fn triple_quotes(text: &str) -> Option<(&'static str, &str)> {
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'']) {
        rest = rest.get(at..)?;
        for quotes in ["\"\"\"", "'''"] {
            if let Some(after) = rest.strip_prefix(quotes) {
                return Some((quotes, after));
            }
        }
        rest = rest.get(1..)?;
    }
    None
}

/// Keeps the character or puts as many blanks as it has bytes, so that places stay.
fn blank(out: &mut String, c: char, keep: bool) {
    if keep {
        out.push(c);
    } else {
        out.extend(std::iter::repeat_n(' ', c.len_utf8()));
    }
}
