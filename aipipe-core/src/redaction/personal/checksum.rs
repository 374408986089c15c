//! Check digits, by the rules of those who issue the numbers. Numbers come without separators, letters in upper case.

/// The digits of a number, `None` where a letter is among them.
fn digits(number: &[u8]) -> Option<Vec<u32>> {
    number.iter().map(|byte| byte.is_ascii_digit().then(|| u32::from(byte - b'0'))).collect()
}

/// ISO/IEC 7812: payment cards; also Swedish and Canadian numbers.
pub(super) fn luhn(number: &[u8]) -> bool {
    let Some(digits) = digits(number) else { return false };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match at % 2 {
            0 => *digit,
            _ if *digit > 4 => digit * 2 - 9,
            _ => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != 0)
}

/// ISO 7064 MOD 97-10 of an IBAN (ISO 13616): the first four characters come last, letters count from ten.
pub(super) fn iban(number: &[u8]) -> bool {
    let (Some(head), Some(tail)) = (number.get(..4), number.get(4..)) else { return false };
    let rest = tail.iter().chain(head).try_fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => Some((rest * 10 + u32::from(byte - b'0')) % 97),
        b'A'..=b'Z' => Some((rest * 100 + u32::from(byte - b'A') + 10) % 97),
        _ => None,
    });
    rest == Some(1)
}

/// The sum of the digits times these weights.
fn weighed(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

fn value(digits: &[u32]) -> u64 {
    digits.iter().fold(0, |value, digit| value * 10 + u64::from(*digit))
}

/// Social Security Administration: areas and groups that are never given out; ITINs begin with 9.
pub(super) fn us_ssn(number: &[u8]) -> bool {
    let Some(digits) = digits(number).filter(|digits| digits.len() == 9) else { return false };
    let part = |from: usize, to: usize| value(digits.get(from..to).unwrap_or_default());
    let (area, group, serial) = (part(0, 3), part(3, 5), part(5, 9));
    let is_itin = area >= 900 && group >= 50;
    area != 0 && area != 666 && (area < 900 || is_itin) && group != 0 && serial != 0
}

/// HMRC, NIM39110: prefixes that are never given out.
pub(super) fn uk_nino(number: &[u8]) -> bool {
    let (Some([first, second]), Some(last)) = (number.first_chunk::<2>(), number.last()) else { return false };
    let is_used = !b"DFIQUV".contains(first) && !b"DFIQUVO".contains(second);
    let never: [&[u8]; 7] = [b"BG", b"GB", b"NK", b"KN", b"TN", b"NT", b"ZZ"];
    let is_shaped = number.len() == 9 && number.get(2..8).is_some_and(|middle| middle.iter().all(u8::is_ascii_digit));
    is_shaped && is_used && !never.contains(&&[*first, *second][..]) && matches!(last, b'A'..=b'D')
}

/// The German Steuer-ID: ISO 7064 MOD 11,10; of the first ten digits one comes two or three times.
pub(super) fn de_steuer_id(number: &[u8]) -> bool {
    let Some(digits) = digits(number).filter(|digits| digits.len() == 11 && digits.first() != Some(&0)) else {
        return false;
    };
    let (body, check) = (digits.get(..10).unwrap_or_default(), digits.last().copied());
    let times = |digit: u32| body.iter().filter(|one| **one == digit).count();
    let most = (0..10).map(times).max().unwrap_or_default();
    let repeated = (0..10).filter(|digit| times(*digit) > 1).count();
    let product = body.iter().fold(10, |product, digit| match (digit + product) % 10 {
        0 => 20 % 11,
        sum => sum * 2 % 11,
    });
    let expected = match 11 - product {
        10 => 0,
        digit => digit,
    };
    check == Some(expected % 10) && (2..=3).contains(&most) && repeated == 1
}

/// The French NIR: 97 less the rest of the number by 97; Corsica counts as 19 and 18.
pub(super) fn fr_nir(number: &[u8]) -> bool {
    let text: String = number.iter().map(|byte| char::from(*byte)).collect();
    let plain = match text.get(5..7) {
        Some("2A") => text.replacen("2A", "19", 1),
        Some("2B") => text.replacen("2B", "18", 1),
        _ => text,
    };
    let Some(digits) = digits(plain.as_bytes()).filter(|digits| digits.len() == 15) else { return false };
    let part = |from: usize, to: usize| value(digits.get(from..to).unwrap_or_default());
    let month = part(3, 5);
    matches!(part(0, 1), 1..=4 | 7 | 8)
        && (1..=12).contains(&month) | (20..=99).contains(&month)
        && 97 - part(0, 13) % 97 == part(13, 15)
}

/// The Spanish DNI and NIE: the letter tells the rest by 23.
pub(super) fn es_dni(number: &[u8]) -> bool {
    let Some((last, body)) = number.split_last() else { return false };
    let body: Vec<u8> = match body.split_first() {
        Some((b'X', rest)) => [b"0", rest].concat(),
        Some((b'Y', rest)) => [b"1", rest].concat(),
        Some((b'Z', rest)) => [b"2", rest].concat(),
        _ => body.to_vec(),
    };
    let Some(digits) = digits(&body) else { return false };
    let at = usize::try_from(value(&digits) % 23).unwrap_or(usize::MAX);
    b"TRWAGMYFPDXBNJZSQVHLCKE".get(at) == Some(last)
}

/// The Italian codice fiscale (decree of 23 December 1976): odd and even places count differently.
pub(super) fn it_codice_fiscale(number: &[u8]) -> bool {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let Some((last, body)) = number.split_last().filter(|(_, body)| body.len() == 15) else { return false };
    let place = |byte: u8| usize::from(if byte.is_ascii_digit() { byte - b'0' } else { byte.wrapping_sub(b'A') });
    let sum = body.iter().enumerate().try_fold(0_u32, |sum, (at, byte)| {
        let place = place(*byte);
        let add = if at % 2 == 0 { ODD.get(place).copied() } else { u32::try_from(place).ok() };
        add.map(|add| sum + add)
    });
    sum.is_some_and(|sum| u32::from(last.wrapping_sub(b'A')) == sum % 26)
}

/// The Dutch BSN: the elfproef.
pub(super) fn nl_bsn(number: &[u8]) -> bool {
    let Some(digits) = digits(number).filter(|digits| digits.len() == 9) else { return false };
    let sum = weighed(&digits, &[9, 8, 7, 6, 5, 4, 3, 2]);
    let last = digits.last().copied().unwrap_or_default();
    sum > 0 && sum % 11 == last
}

/// The Polish PESEL.
pub(super) fn pl_pesel(number: &[u8]) -> bool {
    let Some(digits) = digits(number).filter(|digits| digits.len() == 11) else { return false };
    weighed(&digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
}

/// The Swedish personnummer: the last ten digits by Luhn, with a month and a day.
pub(super) fn se_personnummer(number: &[u8]) -> bool {
    let Some(ten) = number.len().checked_sub(10).and_then(|from| number.get(from..)) else { return false };
    let part = |from: usize| {
        digits(ten).map(|digits| value(digits.get(from..from + 2).unwrap_or_default())).unwrap_or_default()
    };
    luhn(ten) && (1..=12).contains(&part(2)) && ((1..=31).contains(&part(4)) || (61..=91).contains(&part(4)))
}

/// The Swiss AHV number: EAN-13.
pub(super) fn ch_ahv(number: &[u8]) -> bool {
    let Some(digits) = digits(number).filter(|digits| digits.len() == 13) else { return false };
    weighed(&digits, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

/// The Belgian national number: 97 less the rest by 97; born since 2000 with a 2 before it.
pub(super) fn be_national_number(number: &[u8]) -> bool {
    let Some(digits) = digits(number).filter(|digits| digits.len() == 11) else { return false };
    let (body, check) = (value(digits.get(..9).unwrap_or_default()), value(digits.get(9..).unwrap_or_default()));
    97 - body % 97 == check || 97 - (2_000_000_000 + body) % 97 == check
}

/// The Brazilian CPF: two digits by 11.
pub(super) fn br_cpf(number: &[u8]) -> bool {
    let Some(digits) = digits(number).filter(|digits| digits.len() == 11) else { return false };
    let check = |body: &[u32], weights: &[u32]| match weighed(body, weights) * 10 % 11 {
        10 => 0,
        digit => digit,
    };
    let is_one = digits.windows(2).all(|pair| pair.first() == pair.last());
    let first = check(digits.get(..9).unwrap_or_default(), &[10, 9, 8, 7, 6, 5, 4, 3, 2]);
    let second = check(digits.get(..10).unwrap_or_default(), &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    !is_one && digits.get(9..) == Some(&[first, second][..])
}

/// The Finnish henkilötunnus: the rest by 31 as a sign.
pub(super) fn fi_hetu(number: &[u8]) -> bool {
    let Some((last, body)) = number.split_last() else { return false };
    let Some(digits) = digits(body).filter(|digits| digits.len() == 9) else { return false };
    let at = usize::try_from(value(&digits) % 31).unwrap_or(usize::MAX);
    b"0123456789ABCDEFHJKLMNPRSTUVWXY".get(at) == Some(last)
}

/// Any number of its form: nothing is known that would tell more.
pub(super) fn any(_: &[u8]) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    type Check = fn(&[u8]) -> bool;

    /// Published examples, or numbers made by the published rule; each with one digit changed as its control.
    #[test]
    fn numbers_hold_their_checks_and_their_neighbours_do_not() {
        let cases: [(&str, Check, &str, &str); 16] = [
            ("luhn", luhn, "4242424242424242", "4242424242424243"),
            ("iban de", iban, "DE89370400440532013000", "DE89370400440532013001"),
            ("iban gb", iban, "GB29NWBK60161331926819", "GB29NWBK60161331926818"),
            ("us", us_ssn, "219099999", "666099999"),
            ("uk", uk_nino, "AB123456C", "GB123456C"),
            ("de", de_steuer_id, "86095742719", "86095742718"),
            ("fr", fr_nir, "255081416802538", "255081416802539"),
            ("fr corsica", fr_nir, "198052A00400123", "198052A00400124"),
            ("es", es_dni, "12345678Z", "12345678A"),
            ("es nie", es_dni, "X1234567L", "X1234567M"),
            ("it", it_codice_fiscale, "RSSMRA85T10A562S", "RSSMRA85T10A562T"),
            ("nl", nl_bsn, "111222333", "111222334"),
            ("pl", pl_pesel, "44051401359", "44051401358"),
            ("ch", ch_ahv, "7569217076985", "7569217076986"),
            ("br", br_cpf, "52998224725", "52998224726"),
            ("fi", fi_hetu, "131052308T", "131052308U"),
        ];
        for (name, holds, right, wrong) in cases {
            if name != "fr corsica" {
                assert!(holds(right.as_bytes()), "{name}: {right}");
            }
            assert!(!holds(wrong.as_bytes()), "{name}: {wrong}");
        }
        assert!(se_personnummer(b"8112189876") && !se_personnummer(b"8112189875"));
        assert!(be_national_number(b"85073003328") && !be_national_number(b"85073003329"));
        // Corsica: the rest of 1980519004001 (for 2A) by 97.
        let check = 97 - 1_980_519_004_001_u64 % 97;
        assert!(fr_nir(format!("198052A004001{check:02}").as_bytes()));
        for holds in [luhn, iban, us_ssn, uk_nino, de_steuer_id, fr_nir, es_dni, it_codice_fiscale, nl_bsn, fi_hetu] {
            for odd in ["", "1", "AAAAAAAAAAAAAAAAAAAA", "0", "ÄÖÜ"] {
                assert!(!holds(odd.as_bytes()), "{odd}");
            }
        }
    }
}
