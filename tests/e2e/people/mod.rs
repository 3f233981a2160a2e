//! What is kept about people: who changes it, who finds it, what is left of it (requirements H1.6, H2).

mod contact;
mod family;
mod guardians;
mod leaving;
mod profile;
mod searching;
mod seeding;
mod telephone;

use harness::{Actor, Page, Person};

/// Fills in the form of one's details; what is not named stays as it is.
async fn change_details(browser: &Actor, person: &Person, fields: &[(&str, &str)]) -> Page {
    let page = browser.account("/account/profile/details", person).await;
    let mut form = page.form("/account/profile/details");
    for (name, value) in fields {
        form = form.forge(name, value);
    }
    browser.send(&form).await
}
