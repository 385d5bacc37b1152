//! Rows as JSON text, cut into what one parameter of a statement holds.

use crate::limits::MAX_PARAM_BYTES;

/// A value as JSON.
pub(super) fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Rows as JSON, as many at a time as one parameter holds.
pub(super) fn chunks<T: serde::Serialize>(rows: &[T], mut one: impl FnMut(String)) {
    let mut text = String::new();
    for row in rows {
        let row = json(row);
        if !text.is_empty() && text.len() + row.len() + ",]".len() > MAX_PARAM_BYTES {
            text.push(']');
            one(std::mem::take(&mut text));
        }
        text.push(if text.is_empty() { '[' } else { ',' });
        text.push_str(&row);
    }
    if !text.is_empty() {
        text.push(']');
        one(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_rows_into_what_a_parameter_holds() {
        let rows: Vec<String> =
            (0..40).map(|n| "x".repeat(MAX_PARAM_BYTES / 20 * (n % 3))).collect();
        let mut found: Vec<String> = Vec::new();
        chunks(&rows, |text| {
            assert!(text.len() <= MAX_PARAM_BYTES);
            found.extend(serde_json::from_str::<Vec<String>>(&text).unwrap());
        });
        assert_eq!(found, rows);
        chunks(&[0_u8; 0], |text| panic!("{text}"));
    }
}
