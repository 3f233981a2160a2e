//! A page as a browser understands it: parsed by html5ever, then a flat list of elements in document order.

use html5ever::tendril::TendrilSink as _;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

/// A parsed page.
pub struct Html {
    /// What a validator would complain about.
    pub errors: Vec<String>,
    elements: Vec<Element>,
}

/// One element.
#[derive(Clone)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    /// The text inside, of all its descendants.
    pub text: String,
    place: usize,
    ancestors: Vec<usize>,
}

impl Element {
    pub fn attr(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// `name[attribute][attribute=value][attribute!=value][attribute^=value]`, each part optional.
    fn fits(&self, selector: &str) -> bool {
        let mut parts = selector.split('[');
        let name = parts.next().unwrap_or_default();
        (name.is_empty() || name == "*" || name == self.name)
            && parts.map(|part| part.trim_end_matches(']')).all(|part| {
                let Some((attribute, value)) = part.split_once('=') else {
                    return self.attr(part).is_some();
                };
                if let Some(attribute) = attribute.strip_suffix('!') {
                    self.attr(attribute) != Some(value)
                } else if let Some(attribute) = attribute.strip_suffix('^') {
                    self.attr(attribute).is_some_and(|known| known.starts_with(value))
                } else {
                    self.attr(attribute) == Some(value)
                }
            })
    }
}

impl Html {
    pub fn parse(text: &str) -> Self {
        let dom = parse_document(RcDom::default(), ParseOpts::default()).one(text);
        let mut elements = Vec::new();
        collect(&dom.document, &mut Vec::new(), &mut elements);
        let errors = dom.errors.borrow().iter().map(ToString::to_string).collect();
        Self { errors, elements }
    }

    /// The elements that fit one of the selectors, which commas separate.
    pub fn all(&self, selectors: &str) -> Vec<&Element> {
        self.elements
            .iter()
            .filter(|element| selectors.split(", ").any(|one| element.fits(one)))
            .collect()
    }

    /// The same, below `ancestor` only.
    pub fn inside(&self, ancestor: &Element, selectors: &str) -> Vec<&Element> {
        self.all(selectors)
            .into_iter()
            .filter(|element| element.ancestors.contains(&ancestor.place))
            .collect()
    }
}

fn collect(node: &Handle, ancestors: &mut Vec<usize>, elements: &mut Vec<Element>) {
    match &node.data {
        NodeData::Element { name, attrs, .. } => {
            let attributes = attrs
                .borrow()
                .iter()
                .map(|attribute| (attribute.name.local.to_string(), attribute.value.to_string()))
                .collect();
            let place = elements.len();
            let name = name.local.to_string();
            elements.push(Element {
                name,
                attributes,
                text: String::new(),
                place,
                ancestors: ancestors.clone(),
            });
            ancestors.push(place);
        }
        NodeData::Text { contents } => {
            for place in ancestors.iter() {
                elements[*place].text.push_str(&contents.borrow());
            }
        }
        _ => {}
    }
    for child in node.children.borrow().iter() {
        collect(child, ancestors, elements);
    }
    if matches!(node.data, NodeData::Element { .. }) {
        ancestors.pop();
    }
}

#[test]
fn the_reader_of_these_tests_sees_elements_attributes_text_and_errors() {
    let page =
        Html::parse("<!doctype html><html lang=ja><title>x</title><form><p id=a>b<em>c</em></p></form><p>d");
    let form = page.all("form")[0].clone();
    assert_eq!(page.inside(&form, "p").len(), 1);
    assert_eq!(page.all("p[id=a]")[0].text, "bc");
    assert_eq!(page.all("p[id!=a], title[id!=a]").len(), 2);
    assert_eq!(page.all("html[lang^=j]").len(), 1);
    assert!(page.all("p[class]").is_empty());
    assert!(!Html::parse("<p></b>").errors.is_empty());
}
