//! Random tampering with an export, at its lines: whatever it is, the first place that it touches is named.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use platform::database::Backend;

use super::super::lines::Line;
use super::{House, Report, Verifier, verify};

#[derive(Debug, Clone)]
enum Tampering {
    Drop,
    Repeat,
    Swap(proptest::sample::Index),
    Flip(proptest::sample::Index, u8),
}

fn tampering() -> impl Strategy<Value = Tampering> {
    prop_oneof![
        Just(Tampering::Drop),
        Just(Tampering::Repeat),
        any::<proptest::sample::Index>().prop_map(Tampering::Swap),
        (any::<proptest::sample::Index>(), 0..8_u8).prop_map(|(at, bit)| Tampering::Flip(at, bit)),
    ]
}

fn judge(lines: &[Vec<u8>], jwk: &str) -> Report {
    let text = lines.join(&b'\n');
    verify(text.as_slice(), Verifier::with_keys([jwk]).unwrap()).unwrap()
}

#[test]
fn whatever_is_done_to_rows_of_an_export_the_first_place_touched_is_named() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (lines, jwk) = runtime.block_on(async {
        let house = House::with_rows(Backend::Sqlite, 40).await;
        let (export, _) = house.export().await;
        let lines: Vec<_> = export
            .trim_ascii_end()
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect();
        (lines, house.log.public_jwk())
    });
    assert!(judge(&lines, &jwk).is_intact());
    let rows: Vec<usize> = (0..lines.len())
        .filter(|line| lines[*line].starts_with(b"{\"row\""))
        .collect();
    let seq = |line: usize| i64::try_from(rows.iter().position(|row| *row == line).unwrap() + 1).unwrap();
    let mut runner = TestRunner::new(Config {
        cases: 2_000,
        failure_persistence: None,
        ..Config::default()
    });
    let cases = (any::<proptest::sample::Index>(), tampering());
    let outcome = runner.run(&cases, |(at, tampering)| {
        let at = rows[at.index(rows.len())];
        let (mut tampered, mut first) = (lines.clone(), seq(at));
        match &tampering {
            Tampering::Drop => drop(tampered.remove(at)),
            Tampering::Repeat => tampered.insert(at, lines[at].clone()),
            Tampering::Swap(other) => {
                let other = rows[other.index(rows.len())];
                prop_assume!(other != at);
                tampered.swap(at, other);
                first = first.min(seq(other));
            }
            Tampering::Flip(index, bit) => {
                let index = index.index(lines[at].len());
                tampered[at][index] ^= 1 << bit;
                let same = serde_json::from_slice::<Line>(&tampered[at]).ok()
                    == serde_json::from_slice(&lines[at]).ok();
                prop_assume!(!same);
            }
        }
        let report = judge(&tampered, &jwk);
        let line = u64::try_from(at + 1).unwrap();
        // A repeated row is found where its place comes again; a swap with a later row may show there as a gap.
        let named = report
            .faults
            .iter()
            .any(|fault| fault.seq == Some(first) || fault.line == line);
        prop_assert!(named, "{tampering:?} at {first}: {:?}", report.faults);
        Ok(())
    });
    outcome.unwrap();
}
