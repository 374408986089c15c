//! What is personal, and what only looks so.

use super::super::{DataKind, Redactor};

fn found(text: &str) -> Vec<(DataKind, &str)> {
    Redactor::find(text).into_iter().map(|one| (one.kind, one.span.of(text).unwrap())).collect()
}

#[test]
fn each_kind_is_found_as_people_write_it() {
    use DataKind::{CreditCard, Email, Iban, IpAddress, NationalId, PersonName, Phone, PostalAddress};
    for (text, kind, value) in [
        ("Card 4242 4242 4242 4242, please.", CreditCard, "4242 4242 4242 4242"),
        ("4111-1111-1111-1111", CreditCard, "4111-1111-1111-1111"),
        ("My cc is 378282246310005", CreditCard, "378282246310005"),
        ("IBAN DE89 3704 0044 0532 0130 00 is ours", Iban, "DE89 3704 0044 0532 0130 00"),
        ("to gb29nwbk60161331926819.", Iban, "gb29nwbk60161331926819"),
        ("SSN 219-09-9999", NationalId, "219-09-9999"),
        ("NI number AB 12 34 56 C", NationalId, "AB 12 34 56 C"),
        ("Steuer-ID: 86 095 742 719", NationalId, "86 095 742 719"),
        ("NIR 2 55 08 14 168 025 38", NationalId, "2 55 08 14 168 025 38"),
        ("DNI 12345678Z", NationalId, "12345678Z"),
        ("NIE X1234567L", NationalId, "X1234567L"),
        ("C.F. RSSMRA85T10A562S", NationalId, "RSSMRA85T10A562S"),
        ("BSN 111222333", NationalId, "111222333"),
        ("AHV 756.9217.0769.85", NationalId, "756.9217.0769.85"),
        ("CPF 529.982.247-25", NationalId, "529.982.247-25"),
        ("passport number X12345678", NationalId, "X12345678"),
        ("from 203.0.113.7 at noon", IpAddress, "203.0.113.7"),
        ("at 2001:db8::8a2e:370:7334", IpAddress, "2001:db8::8a2e:370:7334"),
        ("write to first.last+tag@mail.example.org.", Email, "first.last+tag@mail.example.org"),
        ("call +44 20 7946 0958", Phone, "+44 20 7946 0958"),
        ("(202) 555-0143 ext. 12", Phone, "(202) 555-0143 ext. 12"),
        ("Tel. 030 23125 000", Phone, "030 23125 000"),
        ("They live at 12 Long Lane, Springfield", PostalAddress, "12 Long Lane, Springfield"),
        ("Musterstraße 12a, 12345 Musterstadt", PostalAddress, "Musterstraße 12a, 12345 Musterstadt"),
        ("P.O. Box 149", PostalAddress, "P.O. Box 149"),
        ("Ask Mr. Example about it", PersonName, "Example"),
        ("My name is Ann Example and", PersonName, "Ann Example"),
        ("Best regards,\nAnn Example", PersonName, "Ann Example"),
    ] {
        assert!(found(text).contains(&(kind, value)), "{text}: {:?}", found(text));
    }
}

#[test]
fn numbers_of_other_kinds_are_not_personal() {
    for text in [
        "4242 4242 4242 4243",
        "Order 1234567890123456 of 2026",
        "DE89 3704 0044 0532 0130 01",
        "from 2024-01-31 to 2025-02-28",
        "1,234,567.89 EUR and 10 000 000",
        "version 1.2.3.4 and 127.0.0.1 and 0.0.0.0",
        "std::fmt::Display and a::b and 10:30:45",
        "666-12-3456 and 000-12-3456",
        "user@localhost and @mention and a@b",
        "The API has 3 roles and 12 pages, see section 4.2.1.",
        "It has 20 Items per page and 3 Columns",
        "ID 111222333 and 86095742719",
        "We ship 5 Boxes on Monday",
        "ISO 8601, RFC 5322, port 8080, 99.95 %",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn who_was_named_is_known_by_one_word_later() {
    let text = "My name is Ann Example. Later, Example said so, and it is Example's plan. A sample is no example.";
    let names: Vec<_> = found(text).into_iter().map(|(_, value)| value).collect();
    assert_eq!(names, ["Ann Example", "Example", "Example"]);
    let block = "> Ann Example\n> Example Works\n> 12 Long Lane\n> Springfield 12345";
    assert!(found(block).contains(&(DataKind::PersonName, "Ann Example")), "{:?}", found(block));
}
