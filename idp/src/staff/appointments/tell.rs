//! People hear of their appointments by mail, if they want to hear of services that they use (requirement H2.3). The letter
//! says that and where something changed; what and when stands on their account page.

use std::time::Duration;

use crate::contact::{Channel, Topic, may_contact};
use crate::hub::Hub;
use crate::ids::OrganisationId;
use crate::mail::{MailError, Queued, queue};
use crate::notices::channels;
use crate::pages::{AppointmentChange, Content};
use crate::people::Person;
use crate::realms::Realm;
use crate::staff::error::StaffError;
use crate::staff::organisations::find_all;

/// Older than this, a letter says what everybody has seen.
const LIFE: Duration = Duration::from_hours(24);

/// Prepares the letters about a change, to be written in the transaction of it.
pub async fn letters(
    hub: &Hub,
    realm: &Realm,
    subject: &Person,
    (organisation, change): (OrganisationId, AppointmentChange),
) -> Result<Vec<Queued>, StaffError> {
    let permit = may_contact(&hub.store, realm, subject.id, Channel::Email, Topic::Service).await?;
    let Some(permit) = permit else {
        return Ok(Vec::new());
    };
    let places = find_all(&hub.store, realm.id, &[organisation]).await?;
    let place = places.first().map(|place| place.name.as_str());
    let url = realm.url("/account/care");
    let content = Content::Appointment {
        change,
        place: place.unwrap_or_default(),
        url: &url,
    };
    let addresses = channels(subject);
    let letters = addresses
        .iter()
        .map(|address| queue(hub, realm, subject, address, permit, (content, LIFE)));
    let letters: Result<Vec<Option<Queued>>, MailError> = letters.collect();
    Ok(letters?.into_iter().flatten().collect())
}
