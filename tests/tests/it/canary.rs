//! A secret that stands in documents goes nowhere: no question to a model, record, artifact, commit, pull request, log,
//! event or error holds it. Only the upload does, which is the user's own file.

use crate::asked::{Asked, BRIEF};
use aipipe::domain::{BuildReport, DocumentName, IdempotencyKey, ProjectName, ProjectRoot, ReviewPolicy, Stack};
use aipipe::model::Redaction;
use aipipe::pipeline::{Engine, StartRequest, upload_documents};
use aipipe::ports::{Clock as _, LanguageModel, ModelRequest};
use aipipe::redaction::{RedactionPolicy, Redactor};
use aipipe::stages::story_executor::ModelOptions;
use aipipe::stages::{GithubOrchestrator, StandardOptions, StandardPorts, standard_pipeline};
use aipipe::testing::{
    MemoryArtifacts, MemoryForge, MemoryRecords, RecordingObserver, ScriptedModel, SequentialIds, StubPackageManager,
    VirtualClock,
};
use aipipe_tests::figures;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};

/// What is planted, put together here so that no scanner takes this file for a leak. Each text is one that nothing else has.
struct Canaries {
    github: String,
    password: &'static str,
    in_address: &'static str,
    key_line: String,
    signed: String,
    aws: String,
    slack: String,
    called: String,
}

impl Canaries {
    fn new() -> Self {
        Self {
            github: ["gh", "p_", "Kq7Zr2Xw9Lm4Nb8Vc3Ty6Pd1Hs5Jg0FaQeRu"].concat(),
            password: "Kettle-Drum-4471",
            in_address: "drumkettle88x",
            key_line: "MIIEvQ".to_owned() + &"Zk3w9Lq7".repeat(7),
            signed: ["eyJ", "hbGciOiJIUzI1NiJ9", ".eyJ", "zdWIiOiJjYW5hcnktOTkifQ", ".", "Wq8Lz3Xv7Nc2Mb9Ty4Pd"]
                .concat(),
            aws: ["AK", "IA", "Q7XK2M9ZP4R8T3WN"].concat(),
            slack: ["xox", "b-", "481920375516-", "Zr7Kq2Wx9Lm4Nb8Vc3Ty6Pd1"].concat(),
            called: "zQ4mW8rT2kL9xV6nB3cY7pD1".to_owned(),
        }
    }

    fn all(&self) -> [&str; 8] {
        [
            &self.github,
            self.password,
            self.in_address,
            &self.key_line,
            &self.signed,
            &self.aws,
            &self.slack,
            &self.called,
        ]
    }

    /// A brief, an e-mail, a chat, and a file that can't be read.
    fn documents(&self) -> Vec<(&'static str, String)> {
        let Self { github, password, in_address, key_line, signed, aws, slack, called } = self;
        let (criterion, wish) = ("- Given two shelves, when", "- Clerks must be able to list all books.");
        let brief = BRIEF.replace(criterion, &format!("- Given two shelves and the password is {password}, when"));
        let brief = brief
            .replace(wish, &format!("{wish}\n- The password is {password}, and clerks must be able to delete a book."));
        assert_eq!(brief.matches(password).count(), 2);
        let begin = ["-----BEGIN ", "PRIVATE KEY-----"].concat();
        let end = ["-----END ", "PRIVATE KEY-----"].concat();
        let brief = format!(
            "{brief}\n## Deploy with {github}\n\nThe database is postgres://app:{in_address}@db.example.org/library.\n\n\
             - Clerks must be able to delete a book with the token {github}.\n\n```\n{begin}\n{key_line}\n{key_line}\n{end}\n```\n"
        );
        // The line is cut where quoted-printable cuts it.
        let (head, tail) = signed.split_at(40);
        let mail = format!(
            "From: Clerk <clerk@example.org>\r\nTo: Desk <desk@example.org>\r\nSubject: The token {slack}\r\n\
             Date: Wed, 11 Mar 2026 16:42:10 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: quoted-printable\r\n\r\nHello,\r\n\r\n\
             the session of the old system is {head}=\r\n{tail}.\r\n\r\nClerks must be able to update a book. The API key is {called}.\r\n",
        );
        let chat = format!(
            "[12/03/2026, 09:02:40] Clerk: Morning! Did everybody see the mail?\n\
             [12/03/2026, 09:04:05] Developer: Yes. Use {aws} for the bucket.\n\
             [12/03/2026, 09:06:31] Clerk: Clerks must be able to list all books. aws_secret_access_key = {called}\n\
             [12/03/2026, 09:08:12] Developer: Noted.\n"
        );
        vec![("brief.md", brief), ("thread.eml", mail), ("chat.txt", chat), self.odd()]
    }

    /// JSON of an unknown shape, whose refusal names its keys.
    fn odd(&self) -> (&'static str, String) {
        ("odd.json", format!("{{\"{}\": 1, \"password: {}\": 2}}", self.github, self.password))
    }

    fn without_tokens(&self, text: &str) -> String {
        let brief = text.split_once("## Deploy").map_or(text, |(brief, _)| brief);
        assert!(brief.contains(self.password) && !brief.contains(&self.github));
        brief.to_owned()
    }
}

/// Keeps all that is logged, as text.
#[derive(Clone, Default)]
struct Logs(Arc<Mutex<String>>);

impl Visit for &Logs {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        writeln!(self.0.lock().unwrap(), "{field} = {value:?}").unwrap();
    }
}

impl tracing::Subscriber for Logs {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        writeln!(self.0.lock().unwrap(), "span {}", span.metadata().name()).unwrap();
        span.record(&mut &*self);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut &*self);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut &*self);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

type Documents = Vec<(&'static str, String)>;

/// A whole run over the documents, and then one over an unreadable one alone; what each place holds afterwards.
async fn places(
    documents: Documents,
    redactor: Redactor,
    around_model: Option<Redactor>,
) -> BTreeMap<&'static str, String> {
    let logs = Logs::default();
    let _logging = tracing::subscriber::set_default(logs.clone());
    let (artifacts, records) = (Arc::<MemoryArtifacts>::default(), Arc::<MemoryRecords>::default());
    let (forge, observer) = (Arc::<MemoryForge>::default(), Arc::<RecordingObserver>::default());
    let clock = Arc::<VirtualClock>::default();
    let scripted = Arc::new(ScriptedModel::by(|request: &ModelRequest| Ok(Asked::of(request).good())));
    let model: Arc<dyn LanguageModel> = match around_model {
        Some(redactor) => Arc::new(Redaction::new(scripted.clone(), redactor)),
        None => scripted.clone(),
    };
    let ports = StandardPorts::new(Arc::new(StubPackageManager), forge.clone(), forge.clone(), forge.clone());
    let options = StandardOptions::new(ReviewPolicy::Automated)
        .with_redactor(redactor)
        .with_stack(Some(Stack::NodeApi))
        .with_model(model, ModelOptions::default());
    let pipeline = standard_pipeline(&ports, &options);
    let ids = Arc::new(SequentialIds::default());
    let engine =
        Engine::builder(artifacts.clone(), records.clone(), clock.clone(), ids).observer(observer.clone()).build();
    let engine = engine.unwrap();
    let root = ProjectRoot::new(ProjectName::parse("library").unwrap(), clock.now());
    let request = |key: &str| StartRequest::new(root.clone(), IdempotencyKey::parse(key).unwrap());
    let run = async |key: &str, documents: Documents| {
        let documents = documents.into_iter().map(|(name, text)| (DocumentName::parse(name).unwrap(), text.into()));
        let intake = upload_documents(artifacts.as_ref(), &root, documents.collect()).await.unwrap();
        engine.start(&pipeline, &request(key), &intake).await
    };
    let whole = run("run", documents).await;
    let refused = run("refused", vec![Canaries::new().odd()]).await.unwrap_err();
    let build: Option<BuildReport> =
        engine.stage_output(&request("run").execution(), &GithubOrchestrator::stage_name()).await.unwrap();
    let pull = build.and_then(|build| forge.pull_request_text(&build.published()?.repository, 1).ok());
    let stored = artifacts.snapshot();
    let is_upload = |key: &str| key.contains("/raw/");
    let text = |(key, content): (&String, &Bytes)| format!("{key}\n{}\n", String::from_utf8_lossy(content));
    BTreeMap::from([
        ("uploads", stored.iter().filter(|(key, _)| is_upload(key)).map(text).collect()),
        ("artifacts", stored.iter().filter(|(key, _)| !is_upload(key)).map(text).collect()),
        ("records", format!("{records:?}")),
        ("requests", serde_json::to_string(&scripted.requests()).unwrap()),
        ("commits", format!("{forge:?}")),
        ("pull request", pull.map(|pull| format!("{pull:?}")).unwrap_or_default()),
        ("logs", logs.0.lock().unwrap().clone()),
        ("events", format!("{:?}", observer.events())),
        ("errors", format!("{refused} {refused:?} {:?}", whole.err())),
    ])
}

/// The places that hold a canary, but for the uploads, each with how many of them.
fn leaks(places: &BTreeMap<&'static str, String>) -> BTreeMap<&'static str, usize> {
    let canaries = Canaries::new();
    // Half of one is a leak too.
    let is_in = |text: &str, canary: &str| {
        let (head, tail) = canary.split_at(canary.len() / 2);
        [head, tail].iter().any(|half| text.contains(half))
    };
    let held = |text: &String| canaries.all().iter().filter(|canary| is_in(text, canary)).count();
    let found = places.iter().map(|(place, text)| (*place, held(text)));
    found.filter(|(place, count)| *place != "uploads" && *count > 0).collect()
}

#[tokio::test]
async fn a_secret_in_documents_goes_nowhere() {
    let canaries = Canaries::new();
    let protected = places(canaries.documents(), Redactor::new(RedactionPolicy::secrets_only()), None).await;
    let leaks = leaks(&protected);
    figures::record("model.canary_leaks", leaks.values().sum::<usize>(), "secrets").unwrap();
    assert!(leaks.is_empty(), "{leaks:?}");
    // All of it came that far: to the upload, and past it without the secrets.
    let joined = protected["uploads"].replace("=\r\n", "");
    assert!(canaries.all().iter().all(|canary| joined.contains(*canary)));
    for mark in ["github-token", "password", "private-key", "jwt", "aws-access-key", "slack-token", "api-key"] {
        assert!(protected["artifacts"].contains(&format!("[secret: {mark}]")), "{mark}");
    }
    assert!(protected["artifacts"].contains("replaced in the text: secret × "));
    assert!(protected.iter().all(|(place, text)| !text.is_empty() || *place == "errors"), "{:?}", protected.keys());
    assert!(protected["requests"].contains("the password is [secret: password]"));
}

#[tokio::test]
async fn the_control_without_protection_finds_it_everywhere() {
    let keeps = || Redactor::new(RedactionPolicy::keep_all());
    let canaries = Canaries::new();
    let open = places(canaries.documents(), keeps(), None).await;
    let found = leaks(&open);
    assert_eq!(found.get("artifacts"), Some(&canaries.all().len()), "{found:?}");
    for place in ["records", "requests", "events", "errors"] {
        assert!(found.contains_key(place), "{place}: {found:?}");
    }
    // The scan of generated code stops tokens of known form; what is only called a password goes all the way.
    let story = canaries.documents().into_iter().take(1).map(|(name, text)| (name, canaries.without_tokens(&text)));
    let open = places(story.collect(), keeps(), None).await;
    let found = leaks(&open);
    for place in ["artifacts", "records", "requests", "commits", "pull request"] {
        assert!(found.contains_key(place), "{place}: {found:?}");
    }
}

#[tokio::test]
async fn a_redaction_around_the_model_keeps_it_from_the_model_alone() {
    let keeps = Redactor::new(RedactionPolicy::keep_all());
    let found = leaks(&places(Canaries::new().documents(), keeps, Some(Redactor::default())).await);
    assert!(!found.contains_key("requests") && found.contains_key("artifacts"), "{found:?}");
}
