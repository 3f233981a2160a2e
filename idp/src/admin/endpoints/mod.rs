//! The endpoints of the API, one resource a file. Each is registered together with its description (`routes!`), so that
//! there is no route which the OpenAPI document does not tell.

mod answer;
mod clients;
mod clock;
mod consents;
mod contracts;
mod desk;
mod emergencies;
mod numbers;
mod openapi;
mod people;
mod policies;
mod realms;
mod settings;
mod staff;

use axum::Router;
use axum::response::IntoResponse as _;
use http::StatusCode;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::admin::Refusal;
use crate::hub::Shared;

const WRONG_METHOD: Refusal = Refusal::new(
    StatusCode::METHOD_NOT_ALLOWED,
    "method.not_allowed",
    "This resource does not take that method",
);

fn described() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(openapi::Document::openapi())
        .routes(routes!(realms::list, realms::create))
        .routes(routes!(settings::read, settings::change))
        .routes(routes!(people::list, people::create))
        .routes(routes!(people::searches::find))
        .routes(routes!(people::read, people::changes::update))
        .routes(routes!(people::changes::past))
        .routes(routes!(people::contact::read, people::contact::put))
        .routes(routes!(people::contact::past))
        .routes(routes!(people::contact::write))
        .routes(routes!(people::guardians::list))
        .routes(routes!(people::guardians::set))
        .routes(routes!(people::guardians::end))
        .routes(routes!(people::whole::export))
        .routes(routes!(people::whole::destroy))
        .routes(routes!(people::suspend))
        .routes(routes!(people::resume))
        .routes(routes!(people::password_link))
        .routes(routes!(people::reset_factors))
        .routes(routes!(consents::list))
        .routes(routes!(contracts::list, contracts::agree))
        .routes(routes!(contracts::end))
        .routes(routes!(emergencies::allow, emergencies::disallow))
        .routes(routes!(numbers::spaces::list, numbers::spaces::create))
        .routes(routes!(numbers::blocks::issue))
        .routes(routes!(numbers::blocks::numbers))
        .routes(routes!(numbers::assignments::read))
        .routes(routes!(numbers::assignments::assign))
        .routes(routes!(numbers::assignments::suspend))
        .routes(routes!(numbers::assignments::resume))
        .routes(routes!(numbers::assignments::cancel))
        .routes(routes!(numbers::assignments::reissue))
        .routes(routes!(clients::list, clients::create))
        .routes(routes!(clients::read, clients::changes::update, clients::remove))
        .routes(routes!(clients::changes::secret))
        .routes(routes!(clients::changes::token))
        .routes(routes!(clients::tokens::registration_token))
        .routes(routes!(policies::list))
        .routes(routes!(policies::read, policies::put, policies::remove))
        .routes(routes!(staff::organisations::list, staff::organisations::create))
        .routes(routes!(staff::organisations::read, staff::organisations::update))
        .routes(routes!(staff::organisations::relocate))
        .routes(routes!(staff::organisations::end))
        .routes(routes!(staff::register::list, staff::register::register))
        .routes(routes!(staff::register::administrator))
        .routes(routes!(staff::import::import))
        .routes(routes!(staff::invitations::list, staff::invitations::invite))
        .routes(routes!(staff::invitations::withdraw))
        .routes(routes!(staff::invitations::accept))
        .routes(routes!(staff::members::read))
        .routes(routes!(staff::members::powers))
        .routes(routes!(staff::affiliations::begin))
        .routes(routes!(staff::affiliations::end))
        .routes(routes!(staff::affiliations::occupy))
        .routes(routes!(staff::affiliations::retire))
        .routes(routes!(staff::delegations::list, staff::delegations::give))
        .routes(routes!(staff::delegations::withdraw))
        .routes(routes!(staff::attendance::come))
        .routes(routes!(staff::attendance::go))
        .routes(routes!(staff::attendance::correct))
        .routes(routes!(staff::attendance::sheet))
        .routes(routes!(staff::responses::list, staff::responses::write))
        .routes(routes!(staff::responses::correct))
        .routes(routes!(
            staff::appointments::list::list,
            staff::appointments::make::make
        ))
        .routes(routes!(staff::appointments::change::postpone))
        .routes(routes!(staff::appointments::change::cancel))
        .routes(routes!(clock::read))
        .routes(routes!(openapi::read))
}

/// All routes of the API.
pub fn router() -> Router<Shared> {
    let (router, _) = described().split_for_parts();
    router.method_not_allowed_fallback(async || WRONG_METHOD.problem().into_response())
}

/// The OpenAPI document (3.1) of all routes, as it is served.
pub fn document() -> &'static [u8] {
    openapi::rendered()
}
