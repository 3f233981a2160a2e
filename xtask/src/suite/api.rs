//! The suite's REST API: plans, modules, logs.

use std::collections::BTreeMap;
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use conformance::outcomes::Module;
use serde_json::{Value, json};

const POLL: Duration = Duration::from_millis(500);

/// A running suite.
pub struct Suite {
    http: reqwest::Client,
    address: String,
    patience: Duration,
    beside: Beside,
}

/// What the shell runs beside the modules.
pub struct Beside {
    /// Before a module that waits for it goes on.
    pub meanwhile: Option<String>,
    /// As long as a module runs: a browser.
    pub visitor: Option<String>,
}

/// A plan that the suite made.
pub struct Plan {
    /// The suite's id of it.
    pub id: String,
    /// Its modules, in order.
    pub modules: Vec<Entry>,
}

/// What came of a module, and what it wants somebody to look at.
pub struct Ended {
    /// For the record.
    pub outcome: Module,
    /// Pages of the hub as the suite's browser had them, in HTML.
    pub pages: Vec<String>,
}

/// A module of a plan.
pub struct Entry {
    /// The suite's name of it.
    pub name: String,
    /// What the plan chose for it.
    pub variant: BTreeMap<String, String>,
}

impl Suite {
    /// One that is reached at `address`, and whose modules have `patience` to end.
    pub fn new(http: reqwest::Client, address: &str, patience: Duration, beside: Beside) -> Self {
        Self {
            http,
            address: address.to_owned(),
            patience,
            beside,
        }
    }

    /// Makes a plan.
    pub async fn plan(
        &self,
        name: &str,
        variant: &BTreeMap<String, String>,
        configuration: &Value,
    ) -> Result<Plan> {
        let request = self
            .http
            .post(format!("{}/api/plan", self.address))
            .query(&[("planName", name), ("variant", &json!(variant).to_string())])
            .json(configuration);
        let made = answer(request).await?;
        let modules = made
            .get("modules")
            .and_then(Value::as_array)
            .context("a plan has modules")?;
        let entry = |module: &Value| {
            Some(Entry {
                name: text(module, "testModule")?.to_owned(),
                variant: strings(module.get("variant")),
            })
        };
        Ok(Plan {
            id: text(&made, "id").context("a plan has an id")?.to_owned(),
            modules: modules.iter().filter_map(entry).collect(),
        })
    }

    /// Runs a module to its end, or gives it up.
    pub async fn module(&self, plan: &str, entry: &Entry) -> Result<Ended> {
        let id = self.begin(plan, entry).await?;
        let mut visitor = self.visitor(&id)?;
        let result = self.end(&id).await;
        if let Some(visitor) = &mut visitor {
            // It ends by itself with the module, or has ended already.
            if visitor.try_wait()?.is_none() {
                visitor.kill()?;
            }
            visitor.wait()?;
        }
        let result = result?;
        let log = answer(self.http.get(format!("{}/api/log/{id}", self.address))).await?;
        let mut said: Vec<String> = log
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(complaint)
            .collect();
        said.dedup();
        let entries = log.as_array().into_iter().flatten();
        let pages = entries
            .filter_map(|entry| text(entry, "page_source").map(str::to_owned))
            .collect();
        let outcome = Module {
            name: entry.name.clone(),
            variant: own(&entry.variant),
            result,
            said,
        };
        Ok(Ended { outcome, pages })
    }

    /// Begins a module; the one before it may need a moment to let go of the alias.
    async fn begin(&self, plan: &str, entry: &Entry) -> Result<String> {
        let variant = json!(entry.variant).to_string();
        let query = [
            ("test", entry.name.as_str()),
            ("plan", plan),
            ("variant", variant.as_str()),
        ];
        let mut outcome = Ok(Value::Null);
        for _ in 0..6 {
            let request = self
                .http
                .post(format!("{}/api/runner", self.address))
                .query(&query);
            outcome = answer(request).await;
            if outcome.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        let made = outcome?;
        Ok(text(&made, "id").context("a module has an id")?.to_owned())
    }

    fn visitor(&self, id: &str) -> Result<Option<Child>> {
        let Some(visitor) = &self.beside.visitor else {
            return Ok(None);
        };
        let mut command = crate::process::command("sh")?;
        command.args(["-c", &format!("exec {visitor}")]);
        command.env("SUITE", &self.address).env("MODULE", id);
        Ok(Some(command.spawn()?))
    }

    async fn end(&self, id: &str) -> Result<String> {
        let (runner, started) = (format!("{}/api/runner/{id}", self.address), Instant::now());
        let mut begun = false;
        while started.elapsed() < self.patience {
            let info = answer(self.http.get(format!("{}/api/info/{id}", self.address))).await?;
            match text(&info, "status") {
                Some("FINISHED" | "INTERRUPTED") => {
                    return Ok(text(&info, "result").unwrap_or("INTERRUPTED").to_owned());
                }
                // A module that waits for somebody to press its button.
                Some("CONFIGURED") if !begun => {
                    begun = true;
                    if let Some(meanwhile) = &self.beside.meanwhile {
                        let status = crate::process::command("sh")?.args(["-c", meanwhile]).status()?;
                        ensure!(status.success(), "{meanwhile} ended with {status}");
                    }
                    answer(self.http.post(&runner)).await?;
                }
                _ => tokio::time::sleep(POLL).await,
            }
        }
        answer(self.http.delete(&runner)).await?;
        Ok("TIMEOUT".to_owned())
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Value> {
    let answer = request.send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    if !status.is_success() {
        bail!(
            "the suite answers {status}: {}",
            text.chars().take(300).collect::<String>()
        );
    }
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

fn strings(value: Option<&Value>) -> BTreeMap<String, String> {
    value
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// What tells a module from the others of its plan: the same one runs with several response types.
pub fn own(variant: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    variant
        .iter()
        .filter(|(name, _)| name.as_str() == "response_type")
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn complaint(entry: &Value) -> Option<String> {
    let said = |name: &str| text(entry, name).unwrap_or_default();
    matches!(said("result"), "FAILURE" | "WARNING").then(|| format!("{}: {}", said("src"), said("msg")))
}
