//! What can be told of a shell script by its words: downloads that are run, failures that are hidden, locks passed by.

/// Something a script of a generated workflow must not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    DownloadIntoShell,
    IgnoredFailure(&'static str),
    UnlockedInstall(&'static str),
    InstallScripts,
}

const DOWNLOADERS: [&str; 4] = ["curl", "wget", "iwr", "invoke-webrequest"];
const INTERPRETERS: [&str; 15] = [
    "sh", "bash", "zsh", "dash", "ksh", "fish", "node", "python", "python3", "perl", "ruby", "pwsh", "iex", "eval",
    "source",
];

/// Returns the faults of a script, each kind once, in a fixed order.
pub(super) fn faults(script: &str) -> Vec<Fault> {
    let commands = commands(script);
    let mut faults = Vec::new();
    if commands.iter().any(|command| downloads_into_shell(command)) {
        faults.push(Fault::DownloadIntoShell);
    }
    if let Some(words) = commands.iter().find_map(|command| ignored_failure(command)) {
        faults.push(Fault::IgnoredFailure(words));
    }
    if let Some(words) = commands.iter().find_map(|command| unlocked_install(command)) {
        faults.push(Fault::UnlockedInstall(words));
    }
    if commands.iter().any(|command| follows(command, &["npm", "ci"]) && !has(command, "--ignore-scripts")) {
        faults.push(Fault::InstallScripts);
    }
    faults
}

/// The words of each command line: continued lines joined, comments dropped, operators as words of their own.
fn commands(script: &str) -> Vec<Vec<String>> {
    let joined = script.replace("\\\r\n", " ").replace("\\\n", " ");
    let mut commands: Vec<Vec<String>> = Vec::new();
    for line in joined.lines() {
        let words = words(line);
        // A pipe at the end of a line goes on in the next one.
        match commands.last_mut() {
            Some(open) if open.last().is_some_and(|word| word == "|") => open.extend(words),
            _ => commands.push(words),
        }
    }
    commands
}

fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut characters = line.chars().peekable();
    let finish = |word: &mut String, words: &mut Vec<String>| {
        if !word.is_empty() {
            words.push(std::mem::take(word).to_lowercase());
        }
    };
    while let Some(c) = characters.next() {
        match c {
            '#' if word.is_empty() => break,
            ' ' | '\t' | '\'' | '"' => finish(&mut word, &mut words),
            '|' | '&' | ';' | '(' | ')' | '`' | '<' | '>' => {
                finish(&mut word, &mut words);
                let doubled = matches!(c, '|' | '&') && characters.next_if_eq(&c).is_some();
                words.push(if doubled { format!("{c}{c}") } else { c.to_string() });
            }
            c => word.push(c),
        }
    }
    finish(&mut word, &mut words);
    words
}

/// The program's own name, without its folder.
fn program(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn is_one_of(word: &str, list: &[&str]) -> bool {
    list.contains(&program(word))
}

/// `curl … | sh`, `bash <(curl …)`, `sh -c "$(curl …)"`, and a file that is downloaded and then run on the same line.
fn downloads_into_shell(command: &[String]) -> bool {
    let Some(download) = command.iter().position(|word| is_one_of(word, &DOWNLOADERS)) else { return false };
    let (before, after) = command.split_at(download);
    let substituted = before.last().is_some_and(|word| word == "(" || word == "`");
    let runs_before = before.iter().any(|word| is_one_of(word, &INTERPRETERS) || word == ".");
    let piped = after.iter().zip(after.iter().skip(1)).enumerate().any(|(i, (operator, _))| {
        operator == "|" && after.iter().skip(i + 1).take_while(|w| *w != "|").any(|w| is_one_of(w, &INTERPRETERS))
    });
    piped || (substituted && runs_before)
}

fn ignored_failure(command: &[String]) -> Option<&'static str> {
    if follows(command, &["||", "true"]) || follows(command, &["||", ":"]) {
        return Some("|| true");
    }
    if follows(command, &["set", "+e"]) {
        return Some("set +e");
    }
    [("--passwithnotests", "--passWithNoTests"), ("--pass-with-no-tests", "--pass-with-no-tests")]
        .into_iter()
        .find(|(lower, _)| has(command, lower))
        .map(|(_, words)| words)
}

fn unlocked_install(command: &[String]) -> Option<&'static str> {
    if follows(command, &["npm", "install"]) || follows(command, &["npm", "i"]) {
        return Some("npm install");
    }
    let pip = follows(command, &["pip", "install"]) || follows(command, &["pip3", "install"]);
    if pip && !has(command, "--require-hashes") {
        return Some("pip install");
    }
    // Each resolves anew, or installs a tool with whatever it asks for today.
    ["poetry add", "poetry update", "poetry lock", "pipx install"]
        .into_iter()
        .find(|words| follows(command, &words.split(' ').collect::<Vec<_>>()))
}

fn follows(command: &[String], sequence: &[&str]) -> bool {
    command.windows(sequence.len()).any(|window| window.iter().zip(sequence).all(|(word, wanted)| word == wanted))
}

fn has(command: &[String], option: &str) -> bool {
    command.iter().any(|word| word == option)
}
