//! Setting up an app that shows codes.

use super::{Form, Frame, links, page};

/// The page on which an app is set up.
#[derive(Debug, Clone, Copy)]
pub struct EnrolTotp<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Posts the fields `code` and `name`.
    pub form: Form<'a>,
    /// The secret as a picture for a camera: its width in modules, and the dark ones as the path of an SVG.
    pub picture: Option<(i32, &'a str)>,
    /// The secret for who types it.
    pub secret: &'a str,
    /// The person cannot go on without: the realm asks for a second factor.
    pub required: bool,
    /// Local address of the way back.
    pub back_url: &'a str,
    /// The last code was not one of this secret.
    pub wrong: bool,
}

impl EnrolTotp<'_> {
    /// The box of the picture, with the quiet edge of four modules that ISO/IEC 18004 asks for.
    fn picture_box(&self) -> String {
        let width = self.picture.map_or(0, |(width, _)| width);
        let whole = width.saturating_add(8);
        format!("-4 -4 {whole} {whole}")
    }
}

page!(EnrolTotp, "enrol_totp.html");
