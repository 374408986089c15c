//! Dates and times as people and programs write them.

use crate::domain::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// A date whose order of day and month is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RawDate {
    first: u16,
    second: u16,
    third: u16,
    dotted: bool,
}

/// Which comes first in a date with the year last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    DayFirst,
    MonthFirst,
}

impl RawDate {
    fn year_first(self) -> bool {
        self.first > 31
    }

    /// The only order that can be meant by this date alone, if just one can.
    pub(super) fn order(self) -> Option<Order> {
        match () {
            () if self.year_first() => None,
            () if self.first > 12 && self.second <= 12 => Some(Order::DayFirst),
            () if self.second > 12 && self.first <= 12 => Some(Order::MonthFirst),
            // Only day-first countries write dots.
            () if self.dotted => Some(Order::DayFirst),
            () => None,
        }
    }

    /// Whether both orders give the same day, or the year comes first.
    pub(super) fn is_certain(self) -> bool {
        self.year_first() || self.first == self.second
    }

    pub(super) fn date(self, order: Order) -> Option<Date> {
        let (year, month, day) = match order {
            _ if self.year_first() => (self.first, self.second, self.third),
            Order::DayFirst => (self.third, self.second, self.first),
            Order::MonthFirst => (self.third, self.first, self.second),
        };
        let year = if year < 100 { year + 2000 } else { year };
        Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }
}

/// Reads `12/03/2026`, `12.3.26` or `2026-03-12` at the start of `text`; returns what comes after.
pub(super) fn take_date(text: &str) -> Option<(RawDate, &str)> {
    let (first, rest) = take_number(text, 4)?;
    let separator = rest.chars().next().filter(|c| matches!(c, '/' | '.' | '-'))?;
    let (second, rest) = take_number(rest.strip_prefix(separator)?, 2)?;
    let rest = rest.strip_prefix(separator)?;
    let (third, after) = take_number(rest.strip_prefix(' ').unwrap_or(rest), 4)?;
    let long_year = first > 31 || third > 31 || third >= 10;
    (long_year && second <= 31).then_some((RawDate { first, second, third, dotted: separator == '.' }, after))
}

/// Reads `14:05`, `14:05:11`, `2:05 PM` at the start of `text`; returns what comes after.
pub(super) fn take_clock(text: &str) -> Option<(Time, &str)> {
    let (hour, rest) = take_number(text, 2)?;
    let (minute, mut rest) = take_number(rest.strip_prefix([':', '.'])?, 2)?;
    let mut second = 0;
    if let Some((value, after)) = rest.strip_prefix([':', '.']).and_then(|rest| take_number(rest, 2)) {
        (second, rest) = (value, after);
    }
    let spaced = rest.strip_prefix(' ').unwrap_or(rest);
    let mut hour = hour;
    let half = ["am", "AM", "a.m.", "A.M.", "a. m."].iter().find_map(|mark| spaced.strip_prefix(mark)).map(|r| (0, r));
    let half = half.or_else(|| {
        ["pm", "PM", "p.m.", "P.M.", "p. m."].iter().find_map(|mark| spaced.strip_prefix(mark)).map(|r| (12, r))
    });
    if let Some((add, after)) = half.filter(|_| (1..=12).contains(&hour)) {
        hour = hour % 12 + add;
        rest = after;
    }
    let time = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second).ok()?, 0).ok()?;
    Some((time, rest))
}

fn take_number(text: &str, digits: usize) -> Option<(u16, &str)> {
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    if count == 0 || count > digits {
        return None;
    }
    let (number, rest) = text.split_at_checked(count)?;
    Some((number.parse().ok()?, rest))
}

/// A date and time without a zone, taken for UTC.
pub(super) fn as_utc(date: Date, time: Time) -> Option<Timestamp> {
    let zoned = DateTime::from_parts(date, time).to_zoned(TimeZone::UTC).ok()?;
    Some(Timestamp::from_unix_millis(zoned.timestamp().as_millisecond()))
}

/// A moment as a program wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// Milliseconds from the start of a recording.
    Offset(u64),
    /// A point in time.
    Instant(Timestamp),
    /// A point in time without its zone, taken for UTC.
    Local(Timestamp),
}

/// Reads a number: seconds from the start, or seconds or milliseconds since 1970 when it is that large.
pub(super) fn moment_of_number(value: f64) -> Option<Moment> {
    if !value.is_finite() || value < 0.0 {
        return None;
    }
    if value >= 1e8 {
        let millis = if value >= 1e11 { value } else { value * 1000.0 };
        return (millis < 9e15).then(|| Moment::Instant(Timestamp::from_unix_millis(whole(millis) as i64)));
    }
    Some(Moment::Offset(whole(value * 1000.0)))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be finite, positive and < 9e15"
)]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

/// Reads `00:01:02.5`, `62.5`, `62.5s`, `PT1M2.5S`, or an RFC 3339 date and time.
pub(super) fn moment_of_text(text: &str) -> Option<Moment> {
    let text = text.trim();
    if let Ok(instant) = Timestamp::parse(text) {
        return Some(Moment::Instant(instant));
    }
    if let Ok(local) = text.parse::<DateTime>() {
        return as_utc(local.date(), local.time()).map(Moment::Local);
    }
    if let Ok(number) = text.strip_suffix('s').unwrap_or(text).parse::<f64>() {
        return moment_of_number(number);
    }
    if let Some(duration) = text.strip_prefix("PT") {
        return duration_millis(duration).map(Moment::Offset);
    }
    let mut seconds = 0.0;
    let parts: Vec<&str> = text.split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    for part in parts {
        let digits = part.replace(',', ".");
        let plain = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
        seconds = seconds * 60.0 + digits.parse::<f64>().ok().filter(|_| plain)?;
    }
    (seconds < 1e8).then(|| Moment::Offset(whole(seconds * 1000.0)))
}

fn duration_millis(text: &str) -> Option<u64> {
    let (mut seconds, mut number) = (0.0, String::new());
    for c in text.chars() {
        let unit = match c {
            'H' => 3600.0,
            'M' => 60.0,
            'S' => 1.0,
            c => {
                number.push(c);
                continue;
            }
        };
        seconds += number.parse::<f64>().ok().filter(|n| *n >= 0.0 && n.is_finite())? * unit;
        number.clear();
    }
    (number.is_empty() && seconds < 1e8).then(|| whole(seconds * 1000.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_clocks_are_read() {
        let (date, rest) = take_date("12/03/2026, 14:05").unwrap();
        assert_eq!((date.order(), rest), (None, ", 14:05"));
        assert_eq!(take_date("13/03/26").unwrap().0.order(), Some(Order::DayFirst));
        assert_eq!(take_date("3/13/26").unwrap().0.order(), Some(Order::MonthFirst));
        assert_eq!(take_date("2026-03-12").unwrap().0.date(Order::MonthFirst), Date::new(2026, 3, 12).ok());
        assert!(take_date("1.2 Feature").is_none());
        assert_eq!(take_clock("2:05 PM - x").unwrap(), (Time::constant(14, 5, 0, 0), " - x"));
        assert_eq!(take_clock("12:00 am]").unwrap(), (Time::constant(0, 0, 0, 0), "]"));
        assert!(take_clock("25:00").is_none());
    }

    #[test]
    fn moments_of_programs_are_read() {
        assert_eq!(moment_of_text("00:01:02.500"), Some(Moment::Offset(62_500)));
        assert_eq!(moment_of_text("1:02"), Some(Moment::Offset(62_000)));
        assert_eq!(moment_of_text("62.5s"), Some(Moment::Offset(62_500)));
        assert_eq!(moment_of_text("PT1M2.5S"), Some(Moment::Offset(62_500)));
        let instant = Timestamp::parse("2026-03-12T14:05:00Z").unwrap();
        assert_eq!(moment_of_text("2026-03-12T15:05:00+01:00"), Some(Moment::Instant(instant)));
        assert_eq!(moment_of_text("2026-03-12T14:05:00"), Some(Moment::Local(instant)));
        assert_eq!(moment_of_number(1_773_324_300.0), Some(Moment::Instant(instant)));
        assert_eq!(moment_of_text("soon"), None);
        assert_eq!(moment_of_number(f64::NAN), None);
    }
}
