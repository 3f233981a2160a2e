//! What a consent would mean, in plain words, before it counts.

use axum::response::Response;
use platform::http::Parameters;

use super::lines::{Names, line};
use super::list::status;
use crate::access::{Kind, Purpose, Rule};
use crate::http::View;
use crate::hub::Hub;
use crate::pages::{ConfirmConsent, ConsentProblem, Form};
use crate::signin::{SignedIn, asks_password};

/// Where it is posted.
const HERE: &str = "/account/consents/new";

/// The page, with the whole form unseen in it.
pub(super) async fn render(
    hub: &Hub,
    view: View<'_>,
    who: &SignedIn,
    (form, (rule, names), problem): (&Parameters, (&Rule, &Names), Option<ConsentProblem>),
) -> Response {
    let ask_password = match asks_password(hub, view.call, who).await {
        Ok(ask) => ask,
        Err(error) => return view.oauth_error(error),
    };
    let csrf = view.csrf();
    let hidden: Vec<(&str, &str)> = form.iter().filter(|(name, _)| is_of_form(name)).collect();
    let page = ConfirmConsent {
        frame: view.frame(HERE),
        problem,
        ask_password,
        name: who.person.display_name(),
        rules: &[line(rule, names)],
        form: Form {
            action: HERE,
            csrf: &csrf,
            hidden: &hidden,
        },
    };
    let html = page.render(&view.texts);
    view.page(status(problem), html)
}

/// The fields of the form, and nothing else that was sent with them.
fn is_of_form(name: &str) -> bool {
    match name.split_once('-') {
        Some(("kind", word)) => Kind::parse(word).is_some(),
        Some(("purpose", word)) => Purpose::parse(word).is_some(),
        _ => ["effect", "who", "depth", "change", "until"].contains(&name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fields_of_the_form_are_carried_over() {
        for name in [
            "effect",
            "who",
            "kind-vitals",
            "purpose-care",
            "depth",
            "change",
            "until",
        ] {
            assert!(is_of_form(name), "{name}");
        }
        for name in ["current", "csrf", "step", "kind-x", "purpose-", "who-1", "x"] {
            assert!(!is_of_form(name), "{name}");
        }
    }
}
