//! What the hub says about itself: lines on standard error, metrics for Prometheus, traces for a collector.
//!
//! No secret and no health data may reach any of them; identifiers that people typed reach them only as hashes.

use std::io::IsTerminal as _;

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Level;
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::config;

/// Telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `telemetry.filter` is not a filter.
    #[error("telemetry.filter: {0}")]
    Filter(#[from] ParseError),
    /// Telemetry was set up already.
    #[error("telemetry was set up twice")]
    Twice(#[from] TryInitError),
    /// The metrics recorder could not be installed.
    #[error("metrics: {0}")]
    Metrics(#[from] BuildError),
    /// The exporter of traces could not be made.
    #[error("telemetry.otlp_endpoint: {0}")]
    Exporter(#[from] ExporterBuildError),
}

/// Whether telemetry could be set up so, without doing it.
pub fn check(settings: &config::Telemetry) -> Result<(), TelemetryError> {
    EnvFilter::try_new(&settings.filter)?;
    Ok(())
}

/// Keeps telemetry alive; dropping it flushes the traces.
pub struct Telemetry {
    metrics: PrometheusHandle,
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Sets up the process's telemetry; once.
    pub fn start(settings: &config::Telemetry) -> Result<Self, TelemetryError> {
        let filter = EnvFilter::try_new(&settings.filter)?;
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr);
        let lines = if settings.json {
            lines.json().with_filter(filter).boxed()
        } else {
            lines.compact().with_filter(filter).boxed()
        };
        let traces = match &settings.otlp_endpoint {
            None => None,
            Some(endpoint) => {
                let exporter = SpanExporter::builder()
                    .with_http()
                    .with_endpoint(endpoint.as_str())
                    .build()?;
                Some(SdkTracerProvider::builder().with_batch_exporter(exporter).build())
            }
        };
        // A span costs nothing unless somebody collects it: the filter of the lines does not decide about that.
        let ours =
            Targets::new().with_targets(["platform", "idp", "musubi"].map(|name| (name, Level::DEBUG)));
        let spans = traces.as_ref().map(|provider| {
            tracing_opentelemetry::layer()
                .with_tracer(provider.tracer("musubi"))
                .with_filter(ours)
        });
        tracing_subscriber::registry()
            .with(lines)
            .with(spans)
            .try_init()?;
        Ok(Self {
            metrics: PrometheusBuilder::new().install_recorder()?,
            traces,
        })
    }

    /// The metrics in Prometheus' text format.
    pub fn render_metrics(&self) -> String {
        self.metrics.render()
    }

    /// Does the recorder's upkeep; call it every few seconds.
    pub fn upkeep(&self) {
        self.metrics.run_upkeep();
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = self.traces.take() {
            // Nothing can be done about a collector that is gone.
            let _ = traces.shutdown();
        }
    }
}
