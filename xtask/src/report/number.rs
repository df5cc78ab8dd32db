//! How reports write numbers.

/// A byte count with commas between thousands: `1,234,567`.
pub fn bytes(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `part` of `whole` in per cent with one decimal: `12.3 %`; of nothing, a dash.
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "–".to_owned() } else { format!("{:.1} %", part as f64 * 100.0 / whole as f64) }
}

/// A signed difference `after - before`: `+1,234`, `-5`, `0`.
pub fn difference(before: u64, after: u64) -> String {
    match after.checked_sub(before) {
        Some(0) => "0".to_owned(),
        Some(more) => format!("+{}", bytes(more)),
        None => format!("-{}", bytes(before - after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        assert_eq!(bytes(0), "0");
        assert_eq!(bytes(999), "999");
        assert_eq!(bytes(1_000), "1,000");
        assert_eq!(bytes(1_234_567), "1,234,567");
    }

    #[test]
    fn shares_and_differences() {
        assert_eq!(share(1, 8), "12.5 %");
        assert_eq!(share(1, 0), "–");
        assert_eq!(difference(10, 10), "0");
        assert_eq!(difference(10, 2_010), "+2,000");
        assert_eq!(difference(2_010, 10), "-2,000");
    }
}
