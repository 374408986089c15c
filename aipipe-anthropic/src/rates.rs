//! What the API tells of its rates in the head of an answer.

use crate::transport::Headers;
use aipipe_core::domain::Timestamp;
use aipipe_core::ports::{ReportedRate, ReportedRates};

/// The rates in these headers, `anthropic-ratelimit-{requests,input-tokens,output-tokens}-{limit,remaining,reset}`; `None`
/// where there are none, as with servers that only speak the same wire.
pub(crate) fn of_headers(headers: &Headers, now: Timestamp) -> Option<ReportedRates> {
    let mut rates = ReportedRates::none(now);
    rates.requests = rate(headers, "requests");
    rates.input_tokens = rate(headers, "input-tokens");
    rates.output_tokens = rate(headers, "output-tokens");
    (rates != ReportedRates::none(now)).then_some(rates)
}

fn rate(headers: &Headers, of: &str) -> Option<ReportedRate> {
    let header = |what: &str| headers.get(&format!("anthropic-ratelimit-{of}-{what}")).map(str::trim);
    let mut rate = ReportedRate::new(header("remaining")?.parse().ok()?);
    if let Some(limit) = header("limit").and_then(|text| text.parse().ok()) {
        rate = rate.with_limit(limit);
    }
    match header("reset").and_then(|text| Timestamp::parse(text).ok()) {
        Some(at) => Some(rate.with_reset(at)),
        None => Some(rate),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_is_told_and_nothing_is_made_up() {
        let now = Timestamp::from_unix_millis(0);
        let of = |pairs: &[(&str, &str)]| {
            let name = |of: &str| format!("Anthropic-RateLimit-{of}");
            of_headers(&Headers::new(pairs.iter().map(|(of, value)| (name(of), (*value).to_owned()))), now)
        };
        let all = of(&[
            ("requests-limit", "50"),
            ("requests-remaining", "49"),
            ("requests-reset", "2026-01-05T09:00:30Z"),
            ("input-tokens-remaining", "30000"),
            ("tokens-remaining", "7"),
        ]);
        let mut expected = ReportedRates::none(now);
        let reset = Timestamp::parse("2026-01-05T09:00:30Z").unwrap();
        expected.requests = Some(ReportedRate::new(49).with_limit(50).with_reset(reset));
        expected.input_tokens = Some(ReportedRate::new(30_000));
        assert_eq!(all, Some(expected));
        for nothing in
            [&[][..], &[("requests-limit", "50")], &[("requests-remaining", "many")], &[("requests-remaining", "-1")]]
        {
            assert_eq!(of(nothing), None, "{nothing:?}");
        }
        let odd =
            of(&[("output-tokens-remaining", "5"), ("output-tokens-reset", "soon"), ("output-tokens-limit", "x")]);
        assert_eq!(odd.and_then(|rates| rates.output_tokens), Some(ReportedRate::new(5)));
    }
}
