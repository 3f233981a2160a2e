//! Conditions of a statement whose number is known only at run time: filters, and lists of keys. Values are bound, never
//! written into the text.

use platform::database::Value;
use platform::ids::RealmId;
use uuid::Uuid;

/// What stands after `WHERE`, and its values.
pub struct Conditions {
    text: String,
    values: Vec<Value>,
}

impl Conditions {
    /// Rows of `table` in a realm.
    pub fn of_realm(table: &str, realm: RealmId) -> Self {
        Self {
            text: format!("{table}.realm_id = $1"),
            values: vec![realm.uuid().into()],
        }
    }

    /// Adds a condition: each `?` in it stands for the next of `values`.
    pub fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) -> &mut Self {
        self.text.push_str(" AND ");
        let mut values = values.into_iter();
        for letter in condition.chars() {
            if letter == '?' {
                let place = self.bind(values.next());
                self.text.push_str(&place);
            } else {
                self.text.push(letter);
            }
        }
        self
    }

    /// Adds that `column` is one of `keys`; of none, if there are none.
    pub fn and_in(&mut self, before: &str, keys: &[Uuid], after: &str) -> &mut Self {
        let list: Vec<String> = keys.iter().map(|key| self.bind(Some((*key).into()))).collect();
        let list = if list.is_empty() {
            "NULL".to_owned()
        } else {
            list.join(", ")
        };
        for part in [" AND ", before, " IN (", list.as_str(), ")", after] {
            self.text.push_str(part);
        }
        self
    }

    fn bind(&mut self, value: Option<Value>) -> String {
        self.values.extend(value);
        format!("${}", self.values.len())
    }

    /// A value of its own, for what comes after the conditions.
    pub fn value(&mut self, value: impl Into<Value>) -> String {
        self.bind(Some(value.into()))
    }

    /// The text, and the values.
    pub fn done(self) -> (String, Vec<Value>) {
        (self.text, self.values)
    }

    /// The text as it is now.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The values as they are now.
    pub fn values(&self) -> Vec<Value> {
        self.values.clone()
    }
}
