//! The forms of a page, as a browser without scripts fills them in.

use html5ever::tendril::TendrilSink as _;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

/// A form with the values that it holds.
#[derive(Debug, Clone)]
pub struct Form {
    /// Where it goes.
    pub action: String,
    /// Its fields and their values; buttons are not among them.
    pub fields: Vec<(String, String)>,
    /// Names and values of its buttons.
    pub buttons: Vec<(String, String)>,
}

impl Form {
    /// Fills in a field that the page must have.
    #[must_use]
    pub fn fill(mut self, name: &str, value: &str) -> Self {
        let field = self.fields.iter_mut().find(|(known, _)| known == name);
        let (_, known) = field.unwrap_or_else(|| panic!("the form to {} has no field {name}", self.action));
        value.clone_into(known);
        self
    }

    /// Adds or replaces a field, whether the page has it or not: what an attacker does.
    #[must_use]
    pub fn forge(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves a field out.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    /// Presses the button that sends `value`.
    #[must_use]
    pub fn press(mut self, value: &str) -> Self {
        let button = self.buttons.iter().find(|(_, known)| known == value).cloned();
        let button = button.unwrap_or_else(|| panic!("the form to {} has no button {value}", self.action));
        self.fields.push(button);
        self
    }

    /// The value of a field.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// One element in document order.
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    fn attr(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The forms of a page. They do not nest, so that each field belongs to the form that stands before it.
pub fn forms(page: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    for element in elements(page) {
        let pair = || {
            (
                element.attr("name").unwrap_or_default().to_owned(),
                element.attr("value").unwrap_or_default().to_owned(),
            )
        };
        match (element.name.as_str(), forms.last_mut()) {
            ("form", _) => forms.push(Form {
                action: element.attr("action").unwrap_or_default().to_owned(),
                fields: Vec::new(),
                buttons: Vec::new(),
            }),
            ("input", Some(form)) if element.attr("name").is_some() => form.fields.push(pair()),
            ("button", Some(form)) if element.attr("name").is_some() => form.buttons.push(pair()),
            _ => {}
        }
    }
    forms
}

/// The text of every element called `name`, in order.
pub fn texts(page: &str, name: &str) -> Vec<String> {
    let dom = parse_document(RcDom::default(), ParseOpts::default()).one(page);
    let mut texts = Vec::new();
    read(&dom.document, name, &mut texts);
    texts
}

fn read(node: &Handle, name: &str, texts: &mut Vec<String>) {
    let wanted = matches!(&node.data, NodeData::Element { name: known, .. } if &*known.local == name);
    if wanted {
        texts.push(text_of(node));
    }
    for child in node.children.borrow().iter() {
        read(child, name, texts);
    }
}

fn text_of(node: &Handle) -> String {
    match &node.data {
        NodeData::Text { contents } => contents.borrow().to_string(),
        _ => node.children.borrow().iter().map(text_of).collect(),
    }
}

/// The language that a page says it is in.
pub fn language(page: &str) -> Option<String> {
    elements(page)
        .iter()
        .find(|element| element.name == "html")?
        .attr("lang")
        .map(str::to_owned)
}

/// What an attribute holds in each element of a name that has it.
pub fn values(page: &str, name: &str, attribute: &str) -> Vec<String> {
    elements(page)
        .iter()
        .filter(|element| element.name == name)
        .filter_map(|element| element.attr(attribute).map(str::to_owned))
        .collect()
}

/// Names of elements that run something, wherever they came from, except for the hub's own files: those the policy of the
/// page names, and they hold nothing that came from outside.
pub fn scripts(page: &str) -> Vec<String> {
    let own = |element: &Element| element.attr("src").is_some_and(|url| url.starts_with("/assets/"));
    let runs = |element: &Element| {
        (element.name == "script" && !own(element))
            || element
                .attributes
                .iter()
                .any(|(name, value)| name.starts_with("on") || value.starts_with("javascript:"))
    };
    elements(page)
        .into_iter()
        .filter(runs)
        .map(|element| element.name)
        .collect()
}

fn elements(page: &str) -> Vec<Element> {
    let dom = parse_document(RcDom::default(), ParseOpts::default()).one(page);
    let mut elements = Vec::new();
    collect(&dom.document, &mut elements);
    elements
}

fn collect(node: &Handle, elements: &mut Vec<Element>) {
    if let NodeData::Element { name, attrs, .. } = &node.data {
        let attributes = attrs.borrow();
        let attributes = attributes
            .iter()
            .map(|each| (each.name.local.to_string(), each.value.to_string()))
            .collect();
        elements.push(Element {
            name: name.local.to_string(),
            attributes,
        });
    }
    for child in node.children.borrow().iter() {
        collect(child, elements);
    }
}
