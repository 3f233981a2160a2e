//! Who somebody is, by their place.

use crate::people::details::{Address, Details};
use crate::people::model::Profile;
use crate::people::prefectures::PREFECTURES;

/// Surnames with their readings, a line each.
const SURNAMES: &str = include_str!("surnames.txt");
/// First names with their readings and the sex that they are mostly given to.
const GIVEN: &str = include_str!("given.txt");
/// Towns and parts of them, the same in every prefecture.
const TOWNS: [&str; 8] = [
    "中央区",
    "港町",
    "緑区",
    "本町",
    "旭町",
    "若葉台",
    "東山",
    "西ヶ丘",
];

/// The numbers of a place: a permutation of 64 bits (SplitMix64), so that neighbours have nothing in common.
fn mixed(place: u64, what: u64) -> u64 {
    let mut z = place
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(what.wrapping_mul(0xbf58_476d_1ce4_e5b9));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn pick<'t>(lines: &'t [&'t str], number: u64) -> &'t str {
    let most = u64::try_from(lines.len()).unwrap_or(1).max(1);
    let index = usize::try_from(number % most).unwrap_or_default();
    lines.get(index).copied().unwrap_or_default()
}

/// The person at a place.
pub fn somebody(place: u64) -> Profile {
    let surnames: Vec<&str> = SURNAMES.lines().collect();
    let given: Vec<&str> = GIVEN.lines().collect();
    // The first of the list are the most frequent, as they are.
    let number = mixed(place, 1);
    let surname = pick(&surnames, (number % 100).min((number >> 32) % 100));
    let (family, family_kana) = surname.split_once(' ').unwrap_or_default();
    let mut first = pick(&given, mixed(place, 2)).split(' ');
    let (name, name_kana, sex) = (
        first.next().unwrap_or_default(),
        first.next().unwrap_or_default(),
        first.next().unwrap_or_default(),
    );
    let some = |text: &str| Some(text.to_owned());
    let day = mixed(place, 3);
    let town = mixed(place, 4);
    let details = Details {
        family_name: some(family),
        given_name: some(name),
        family_name_kana: some(family_kana),
        given_name_kana: some(name_kana),
        gender: some(if sex == "f" { "female" } else { "male" }),
        birthdate: Some(format!(
            "{:04}-{:02}-{:02}",
            1925 + day % 90,
            1 + (day >> 16) % 12,
            1 + (day >> 32) % 28
        )),
        zoneinfo: some("Asia/Tokyo"),
        phone_number: Some(format!("+8190{:08}", mixed(place, 5) % 100_000_000)),
        address: Some(Address {
            postal_code: Some(format!("{:03}-{:04}", 1 + town % 990, (town >> 16) % 10_000)),
            region: some(pick(&PREFECTURES, town >> 32)),
            locality: some(pick(&TOWNS, town >> 40)),
            street_address: Some(format!(
                "{}-{}-{}",
                1 + town % 9,
                1 + (town >> 8) % 30,
                1 + (town >> 20) % 20
            )),
            ..Address::default()
        }),
        ..Details::default()
    };
    Profile {
        login: format!("p{place:07}"),
        name: Some(format!("{family} {name}")),
        email: Some(format!("p{place:07}@seed.example.jp")),
        email_verified: true,
        details,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::people::folding::is_katakana;
    use crate::people::telephone::Telephone;

    #[test]
    fn the_same_place_is_the_same_person_and_another_is_another() {
        assert_eq!(somebody(4711), somebody(4711));
        let logins: HashSet<String> = (0..1000).map(|place| somebody(place).login).collect();
        assert_eq!(logins.len(), 1000);
        let names: HashSet<Option<String>> = (0..1000).map(|place| somebody(place).name).collect();
        assert!(names.len() > 300, "{}", names.len());
    }

    #[test]
    fn everybody_has_what_every_field_asks_for() {
        for place in 0..2000 {
            let profile = somebody(place);
            assert_eq!(profile.details.check(), Ok(()), "{place}");
            assert!(is_katakana(&profile.details.reading().unwrap()), "{place}");
            let number = profile.details.phone_number.unwrap();
            assert_eq!(Telephone::parse(&number).unwrap().as_str(), number);
        }
    }
}
