//! Writes every page in each state and language, and the files they use, into the directory given as argument:
//! `cargo run -p idp --example gallery -- DIRECTORY`. Serve the directory and open `index.html`.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

use idp::contact::{Channel, Topic};
use idp::factors::picture;
use idp::notices::Notice;
use idp::pages::{self, Assets, Language, Moment, Texts, Zone};
use idp::people::{Field, Via};
use idp::staff::words::EncounterKind;
use idp::ties::{Power, Powers, Relation};

mod samples;

const ASSETS: [&str; 4] = ["musubi.css", "logo.svg", "favicon.svg", "passkey.js"];

fn main() -> io::Result<()> {
    let Some(directory) = env::args_os().nth(1) else {
        return Err(io::Error::other("usage: gallery DIRECTORY"));
    };
    let directory = Path::new(&directory);
    let zone = Zone::named("Asia/Tokyo").map_err(io::Error::other)?;
    let mut index =
        String::from("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Pages</title>\n");
    for language in Language::ALL {
        let texts = Texts::new(language, zone.clone());
        fs::create_dir_all(directory.join(language.tag()))?;
        for sample in samples::all(&words(language), &texts) {
            let path = format!("{}/{}.html", language.tag(), sample.name);
            fs::write(directory.join(&path), sample.html.map_err(io::Error::other)?)?;
            writeln!(index, "<p><a href=\"/{path}\">{path}</a></p>").map_err(io::Error::other)?;
        }
    }
    fs::write(directory.join("index.html"), index)?;
    for name in ASSETS {
        let path = Assets::url(name).and_then(|url| url.strip_prefix("/assets/"));
        let asset = path.and_then(|path| Assets::get(path).map(|asset| (path, asset)));
        let (path, asset) = asset.ok_or_else(|| io::Error::other(format!("no asset {name}")))?;
        fs::create_dir_all(directory.join("assets"))?;
        fs::write(directory.join("assets").join(path), &asset.bytes)?;
    }
    Ok(())
}

fn words(language: Language) -> samples::Words<'static> {
    let japanese = samples::Words {
        realm: "みなと健康クラウド",
        help: "みなと健康窓口　電話 03-0000-0000（平日 9時〜17時）",
        name: "佐藤 節子",
        login: "setsuko.sato",
        email: "setsuko.sato@example.jp",
        number: "7310492685540173",
        client: "さくら内科クリニック 予約",
        other_client: "あおば体操教室",
        host: "yoyaku.sakura-naika.example.jp",
        url: "https://yoyaku.sakura-naika.example.jp/",
        local: "/signin?interaction=v3jQ0x",
        scope: "steps.read",
        address: "203.0.113.27",
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36",
        id: "01jd8r3m4q",
        now: Moment(1_795_323_780_000_000),
    };
    match language {
        Language::Ja => japanese,
        Language::En => samples::Words {
            realm: "Minato Health Cloud",
            help: "Minato Health Desk, 03-0000-0000 (weekdays 9:00–17:00)",
            name: "Setsuko Sato",
            client: "Sakura Clinic Booking",
            other_client: "Aoba Gymnastics",
            ..japanese
        },
    }
}
