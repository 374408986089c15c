//! What happens when something goes wrong, through all layers and on a clock that jumps: what the caller gets, how often the
//! other side is asked, what the budget books, and that the same call works once the fault is over.

use crate::scripted::{Scripted, answer, event, events, good, secrets};
use aipipe_anthropic::{Anthropic, Auth, HttpResponse, TransportError};
use aipipe_core::ErrorKind;
use aipipe_core::domain::{Cost, ExecutionId, IdempotencyKey, ProjectName, Timestamp};
use aipipe_core::model::{
    Breaker, BreakerOptions, Budget, BudgetLimits, Cache, Limiter, MemoryAnswers, PriceBook, RateLimit, Retry,
    RetryOptions, Router, RouterOptions, Telemetry,
};
use aipipe_core::ports::{
    ChargedTo, Clock, LanguageModel, ModelRequest, Purpose, RecordKey, RecordStore, StopReason, Table,
};
use aipipe_core::testing::{MemoryRecords, SequentialIds, SimulatedClock};
use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MODEL: &str = "claude-sonnet-5-5";

/// What [`good`] costs in pico-dollars in January.
const PRICE: u64 = 13_850_000_000;

/// The tokens of the prompt, as the API counts them.
const PROMPT: u64 = 6000;

/// An answer of the other side to one request.
#[derive(Clone)]
enum Reply {
    /// An error: status, headers, type, code and message.
    Status(u16, &'static [(&'static str, &'static str)], &'static str, &'static str, &'static str),
    /// A stream of these pieces.
    Stream(Vec<Result<Bytes, TransportError>>),
    /// None, for this reason.
    None(TransportError),
    /// None, for good.
    Never,
}

impl Reply {
    fn response(self) -> Result<HttpResponse, TransportError> {
        match self {
            Self::Status(status, headers, kind, code, message) => {
                let error = json!({"type": kind, "message": message, "details": {"error_code": code}});
                let body = json!({"type": "error", "error": error}).to_string();
                Ok(answer(status, headers, vec![Ok(body.into())]))
            }
            Self::Stream(pieces) => Ok(answer(200, &[], pieces)),
            Self::None(error) => Err(error),
            Self::Never => Ok(HttpResponse::new(200, crate::scripted::headers(&[]), stream::pending().boxed())),
        }
    }
}

/// What the budget has on its books after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Money {
    /// Nothing was spent.
    Nothing,
    /// The price of the answer.
    Price,
    /// All that was set aside counts as spent: an attempt before the answer may have been charged.
    AllOfIt,
    /// It stays set aside: nobody knows how the call ended.
    SetAside,
}

type Outcome = Result<StopReason, ErrorKind>;

/// A fault: what the other side does, what comes of a call, how many requests are sent for it, and what is booked.
struct Fault {
    name: String,
    replies: Vec<Reply>,
    outcome: Outcome,
    sent: usize,
    money: Money,
}

/// The stack with its ends in sight.
struct Rig {
    stack: Box<dyn LanguageModel>,
    clock: Arc<SimulatedClock>,
    records: Arc<MemoryRecords>,
    transport: Arc<Scripted>,
    most: u64,
}

impl Rig {
    /// All layers around the adapter, whose other side gives these replies and then good ones.
    fn new(replies: &[Reply]) -> Self {
        let begin = Timestamp::parse("2026-01-05T09:00:00Z").unwrap();
        let clock = Arc::new(SimulatedClock::at(begin));
        let replies = Mutex::new(VecDeque::from(replies.to_vec()));
        let transport = Scripted::new(move |request| match request.url.ends_with("/count_tokens") {
            true => Ok(answer(200, &[], vec![Ok(json!({"input_tokens": PROMPT}).to_string().into())])),
            false => replies.lock().unwrap().pop_front().map_or_else(|| Ok(good("Hello")), Reply::response),
        });
        let auth = Auth::Bearer(secrets(), "anthropic".to_owned());
        let adapter = Anthropic::builder(transport.clone(), clock.clone(), auth).unwrap().build().unwrap();
        let options = RetryOptions::default();
        let limits = BTreeMap::from([("claude-".to_owned(), RateLimit::default().with_requests(1000))]);
        let inner = Retry::new(Telemetry::new(adapter, "anthropic"), clock.clone(), options);
        let inner = Breaker::new(Limiter::new(inner, clock.clone(), limits), clock.clone(), BreakerOptions::default());
        let inner = Router::new(inner, RouterOptions::default()).unwrap();
        let records = Arc::new(MemoryRecords::default());
        let prices = PriceBook::builtin().unwrap();
        let most = prices.most(MODEL, begin, PROMPT, 500).unwrap().get() * u64::from(options.attempts);
        let ports = (
            records.clone() as Arc<dyn RecordStore>,
            clock.clone() as Arc<dyn Clock>,
            Arc::new(SequentialIds::default()) as Arc<_>,
        );
        let inner = Budget::new(inner, ports, prices, BudgetLimits::default(), RouterOptions::default());
        let stack = Cache::new(inner.with_attempts(options.attempts), Arc::new(MemoryAnswers::default()), "test");
        Self { stack: Box::new(stack), clock, records, transport, most }
    }

    fn ask(&self, timeout: Option<Duration>) -> aipipe_core::Result<aipipe_core::ports::ModelResponse> {
        let mut purpose = Purpose::new("requirements-synthesizer", "extract");
        purpose.charged_to =
            Some(ChargedTo::new(ProjectName::parse("library").unwrap(), ExecutionId::parse("e").unwrap()));
        let mut request = ModelRequest::new(MODEL, "the-words-of-the-question", 500)
            .with_purpose(purpose)
            .with_idempotency_key(IdempotencyKey::parse("k").unwrap());
        request.timeout = timeout;
        self.clock.run(self.stack.generate(&request)).expect("it waits for something that is no time")
    }

    fn sent(&self) -> usize {
        self.transport.sent.lock().unwrap().iter().filter(|request| request.url.ends_with("/messages")).count()
    }

    /// What the execution has spent and set aside.
    fn books(&self) -> (u64, u64) {
        let key = RecordKey::parse("e", "budget").unwrap();
        let record = self.clock.run(self.records.get(Table::ExecutionState, &key)).unwrap().unwrap();
        let Some(record) = record else { return (0, 0) };
        let sheet: Value = record.decode().unwrap();
        let reserved = sheet["reserved"].as_object().unwrap().values().map(|one| one["most"].as_u64().unwrap());
        (sheet["spent"]["total"].as_u64().unwrap_or(0), reserved.sum())
    }
}

fn status(status: u16, kind: &'static str) -> Reply {
    Reply::Status(status, &[], kind, "", "")
}

fn fault(name: impl Into<String>, replies: Vec<Reply>, outcome: Outcome, sent: usize, money: Money) -> Fault {
    Fault { name: name.into(), replies, outcome, sent, money }
}

/// The events of a good answer, one by one.
fn pieces() -> Vec<Bytes> {
    events("Hello", "end_turn").split_inclusive("\n\n").map(|event| Bytes::from(event.to_owned())).collect()
}

fn stream_with(event: &Value) -> Reply {
    Reply::Stream(vec![Ok(pieces()[0].clone()), Ok(crate::scripted::event(event).into()), Ok(pieces()[2].clone())])
}

fn faults() -> Vec<Fault> {
    use Money::{AllOfIt, Nothing, Price, SetAside};
    const DONE: Outcome = Ok(StopReason::EndTurn);
    let limited = || status(429, "rate_limit_error");
    let after = Reply::Status(429, &[("retry-after", "7")], "rate_limit_error", "", "");
    let ramp = Reply::Status(429, &[("retry-after", "2")], "rate_limit_error", "ramp_limit_exceeded", "");
    let spent = |code| Reply::Status(429, &[], "rate_limit_error", code, "");
    let own = "You have reached your specified API usage limits. You will regain access later.";
    let (overloaded, broken) = (|| status(529, "overloaded_error"), || status(500, "api_error"));
    let in_stream = |kind: &str| stream_with(&json!({"type": "error", "error": {"type": kind, "message": "m"}}));
    let stalled = || Reply::Stream(vec![Ok(pieces()[0].clone()), Err(TransportError::Timeout)]);
    let cut = || Reply::Stream(vec![Ok(pieces()[0].clone())]);
    let stopped = |reason: &str| Reply::Stream(vec![Ok(events("Hel", reason).into())]);
    let mut faults = vec![
        fault("429", vec![limited()], DONE, 2, Price),
        fault("429 with retry-after", vec![after.clone()], DONE, 2, Price),
        fault("429 for growing too fast", vec![ramp], DONE, 2, Price),
        fault("429 three times", vec![limited(), limited(), limited()], Err(ErrorKind::RateLimited), 3, Nothing),
        fault(
            "429 at the monthly cap",
            vec![spent("enforced_spend_limit_reached")],
            Err(ErrorKind::QuotaExhausted),
            1,
            Nothing,
        ),
        fault(
            "429 at the contract's cap",
            vec![spent("contract_spend_limit_reached")],
            Err(ErrorKind::QuotaExhausted),
            1,
            Nothing,
        ),
        fault(
            "400 at the own cap",
            vec![Reply::Status(400, &[], "invalid_request_error", "", own)],
            Err(ErrorKind::QuotaExhausted),
            1,
            Nothing,
        ),
        fault("400", vec![status(400, "invalid_request_error")], Err(ErrorKind::InvalidInput), 1, Nothing),
        fault("401", vec![status(401, "authentication_error")], Err(ErrorKind::Unauthenticated), 1, Nothing),
        fault("402", vec![status(402, "billing_error")], Err(ErrorKind::QuotaExhausted), 1, Nothing),
        fault("403", vec![status(403, "permission_error")], Err(ErrorKind::PermissionDenied), 1, Nothing),
        fault("404, a retired model", vec![status(404, "not_found_error")], Err(ErrorKind::NotFound), 1, Nothing),
        fault("413", vec![status(413, "request_too_large")], Err(ErrorKind::InvalidInput), 1, Nothing),
        fault("529", vec![overloaded()], DONE, 2, AllOfIt),
        fault(
            "529 three times",
            vec![overloaded(), overloaded(), overloaded()],
            Err(ErrorKind::Unavailable),
            3,
            SetAside,
        ),
        fault("500", vec![broken()], DONE, 2, AllOfIt),
        fault(
            "500 and not to be tried",
            vec![Reply::Status(500, &[("x-should-retry", "false")], "api_error", "", "")],
            Err(ErrorKind::Unavailable),
            1,
            SetAside,
        ),
        fault("504", vec![status(504, "timeout_error")], DONE, 2, AllOfIt),
        fault("a proxy's page", vec![Reply::Status(502, &[], "", "", "")], DONE, 2, AllOfIt),
        fault("nobody there", vec![Reply::None(TransportError::Unreachable("no route".to_owned()))], DONE, 2, AllOfIt),
        fault("no head in time", vec![Reply::None(TransportError::Timeout)], DONE, 2, AllOfIt),
        fault(
            "no head in time, three times",
            vec![Reply::None(TransportError::Timeout); 3],
            Err(ErrorKind::Timeout),
            3,
            SetAside,
        ),
        fault("a stall", vec![stalled()], DONE, 2, AllOfIt),
        fault("a stall three times", vec![stalled(), stalled(), stalled()], Err(ErrorKind::Timeout), 3, SetAside),
        fault("a cut three times", vec![cut(), cut(), cut()], Err(ErrorKind::StreamTruncated), 3, SetAside),
        fault("429, 529, a cut", vec![limited(), overloaded(), cut()], Err(ErrorKind::StreamTruncated), 3, SetAside),
        fault(
            "an event that is no JSON",
            vec![Reply::Stream(vec![Ok(pieces()[0].clone()), Ok("data: {\"type\":\n\n".into())])],
            DONE,
            2,
            AllOfIt,
        ),
        fault("bytes that are no text", vec![Reply::Stream(vec![Ok(b"data: \xff\n\n"[..].into())])], DONE, 2, AllOfIt),
        fault("overloaded on the way", vec![in_stream("overloaded_error")], DONE, 2, AllOfIt),
        fault("an error of later days on the way", vec![in_stream("error_of_later_days")], DONE, 2, AllOfIt),
        fault("limited on the way", vec![in_stream("rate_limit_error")], DONE, 2, Price),
        fault("invalid on the way", vec![in_stream("invalid_request_error")], Err(ErrorKind::InvalidInput), 1, Nothing),
        fault("a refusal", vec![stopped("refusal")], Ok(StopReason::Refusal), 1, Price),
        fault("the longest answer", vec![stopped("max_tokens")], Ok(StopReason::MaxTokens), 1, Price),
        fault(
            "a full window",
            vec![stopped("model_context_window_exceeded")],
            Ok(StopReason::ContextWindowExceeded),
            1,
            Price,
        ),
        fault("a reason of later days", vec![stopped("tired")], Ok(StopReason::Other("tired".to_owned())), 1, Price),
    ];
    // The connection ends after each event: as if all were well, or with an error.
    for after in 0..pieces().len() {
        let begun: Vec<_> = pieces().into_iter().take(after).map(Ok).collect();
        let mut torn = begun.clone();
        torn.push(Err(TransportError::Cut("reset".to_owned())));
        faults.push(fault(format!("an end after {after} events"), vec![Reply::Stream(begun)], DONE, 2, AllOfIt));
        faults.push(fault(format!("a tear after {after} events"), vec![Reply::Stream(torn)], DONE, 2, AllOfIt));
    }
    // Things of later days between the events change nothing.
    let mut odd: Vec<_> = pieces().into_iter().map(Ok).collect();
    let block = json!({"type": "content_block_start", "index": 7, "content_block": {"type": "dream", "x": 1}});
    for (at, strange) in [
        (1, block),
        (3, json!({"type": "content_block_delta", "index": 7, "delta": {"type": "dream_delta"}})),
        (4, json!({"type": "later", "a": []})),
    ] {
        odd.insert(at, Ok(event(&strange).into()));
    }
    faults.push(fault("events and blocks of later days", vec![Reply::Stream(odd)], DONE, 1, Price));
    faults
}

#[test]
fn every_fault_comes_to_what_the_table_says_and_nothing_is_lost() {
    let mut wrong = Vec::new();
    for Fault { name, replies, outcome, sent, money } in faults() {
        let rig = Rig::new(&replies);
        let came = rig.ask(None);
        let (answer, told) = match came {
            Ok(response) => (Some(response.clone()), Ok(response.stop)),
            Err(error) => {
                assert!(!error.is_retryable(), "{name}: somebody further out would try again");
                assert!(!error.chain().contains("the-words"), "{name}: {}", error.chain());
                (None, Err(error.kind()))
            }
        };
        let books = match money {
            Money::Nothing => (0, 0),
            Money::Price => (PRICE, 0),
            Money::AllOfIt => (rig.most, 0),
            Money::SetAside => (0, rig.most),
        };
        if (&told, rig.sent(), rig.books()) != (&outcome, sent, books) {
            let expected = (&outcome, sent, books);
            wrong.push(format!("{name}: {:?}, expected {expected:?}", (&told, rig.sent(), rig.books())));
        }
        if let Some(response) = &answer {
            let is_known = matches!(response.cost, Cost::Known(_));
            assert_eq!((is_known, response.attempts.len()), (money == Money::Price, sent), "{name}");
        }
        // The same call again: a clean answer is kept, anything else is asked for once more, and works.
        rig.clock.run(rig.clock.sleep(Duration::from_secs(60))).unwrap();
        let again = rig.ask(None).unwrap();
        let is_kept = outcome == Ok(StopReason::EndTurn);
        assert_eq!((again.text.as_str(), &again.stop), ("Hello", &StopReason::EndTurn), "{name}");
        assert_eq!(rig.sent(), if is_kept { sent } else { sent + 1 }, "{name}");
        let before = books.0 + books.1;
        assert_eq!(rig.books(), (if is_kept { before } else { before + PRICE }, 0), "{name}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn waits_are_those_that_are_asked_for_and_end_with_the_requests_time() {
    let limited = Reply::Status(429, &[("retry-after", "7")], "rate_limit_error", "", "");
    let begin = Timestamp::parse("2026-01-05T09:00:00Z").unwrap();
    let rig = Rig::new(std::slice::from_ref(&limited));
    rig.ask(None).unwrap();
    assert_eq!(rig.clock.now().since(begin), Duration::from_secs(7));
    // Without the header it is half a second, less up to a quarter.
    let rig = Rig::new(&[status(429, "rate_limit_error")]);
    rig.ask(None).unwrap();
    assert!((375..=500).contains(&rig.clock.now().since(begin).as_millis()));
    // No time is left for the wait: the error comes at once, and says how long it would have been.
    let rig = Rig::new(&[limited]);
    let error = rig.ask(Some(Duration::from_secs(5))).unwrap_err();
    assert_eq!(
        (error.kind(), error.retry_after(), rig.sent()),
        (ErrorKind::RateLimited, Some(Duration::from_secs(7)), 1)
    );
    assert_eq!(rig.clock.now(), begin);
    // An answer that never comes ends with the request's time, and is not asked for again.
    let rig = Rig::new(&[Reply::Never]);
    let error = rig.ask(Some(Duration::from_secs(90))).unwrap_err();
    assert_eq!((error.kind(), rig.sent(), rig.books()), (ErrorKind::Timeout, 1, (0, rig.most)));
    assert_eq!(rig.clock.now().since(begin), Duration::from_secs(90));
}
