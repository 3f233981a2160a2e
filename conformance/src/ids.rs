//! The ids of all requirements, in the order of the document that states them.

/// Each id and how many sub-ids it has; 0: the id itself is the requirement.
const SHAPE: &[(&str, u8, &[u8])] = &[
    ("M", 5, &[]),
    ("H", 17, &[6, 3, 3, 3, 3, 13, 0, 0, 0, 2, 3, 2, 0, 3, 0, 0, 0]),
    ("S", 12, &[0, 3, 3, 3, 0, 3, 0, 0, 0, 0, 0, 0]),
    ("D", 12, &[]),
    ("U", 3, &[]),
    ("C", 5, &[]),
    ("P", 12, &[]),
];

/// All requirement ids: `M1` … `H1.1`, `H1.2` … `P12`.
pub fn all() -> Vec<String> {
    let mut ids = Vec::new();
    for (letter, count, parts) in SHAPE {
        for number in 1..=*count {
            match parts.get(usize::from(number) - 1).copied().unwrap_or(0) {
                0 => ids.push(format!("{letter}{number}")),
                parts => ids.extend((1..=parts).map(|part| format!("{letter}{number}.{part}"))),
            }
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::all;

    #[test]
    fn the_list_has_every_section_from_its_first_to_its_last_id() {
        let ids = all();
        for (first, last, count) in [
            ("M1", "M5", 5),
            ("H1.1", "H17", 48),
            ("S1", "S12", 20),
            ("D1", "D12", 12),
            ("U1", "U3", 3),
            ("C1", "C5", 5),
        ] {
            let letter = &first[..1];
            let section: Vec<_> = ids.iter().filter(|id| id.starts_with(letter)).collect();
            assert_eq!(section.len(), count, "{letter}");
            assert_eq!(section[0], first);
            assert_eq!(section[count - 1], last);
        }
        assert_eq!(ids.last().map(String::as_str), Some("P12"));
    }
}
