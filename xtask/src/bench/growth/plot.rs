//! The curves: processor time a request over how much is in the database, both on scales of tens.

use std::collections::BTreeSet;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use super::Point;

const SIZE: (u32, u32) = (1_000, 640);

/// Draws a line for each question and database, as SVG.
pub(super) fn draw(points: &[Point]) -> Result<String> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        curves(points, &area).map_err(|error| anyhow!("the drawing: {error}"))?;
    }
    Ok(text)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn curves(points: &[Point], area: &Area<'_>) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let range = |value: fn(&Point) -> f64| {
        let all = || points.iter().map(value);
        let (least, most) = (all().fold(f64::MAX, f64::min), all().fold(1.0, f64::max));
        (least / 2.0)..(most * 2.0)
    };
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(area)
        .margin(16)
        .caption("Cost of a request by how much there is", ("sans-serif", 22))
        .x_label_area_size(48)
        .y_label_area_size(72)
        .build_cartesian_2d(range(size).log_scale(), range(|point| point.cpu_us).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("rows")
        .y_desc("processor time of the hub, µs")
        .x_label_formatter(&|value| format!("{value:.0}"))
        .y_label_formatter(&|value| format!("{value:.0}"))
        .draw()?;
    let lines: BTreeSet<(&str, &str)> = points
        .iter()
        .map(|point| (point.asked.as_str(), point.database))
        .collect();
    for (index, (asked, database)) in lines.into_iter().enumerate() {
        let color = Palette99::pick(index).to_rgba();
        let line = points
            .iter()
            .filter(|point| point.asked == asked && point.database == database)
            .map(|point| (size(point), point.cpu_us));
        chart
            .draw_series(LineSeries::new(line, color.stroke_width(2)).point_size(3))?
            .label(format!("{asked}, {database}"))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK)
        .draw()?;
    area.present()?;
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a place in a drawing")]
fn size(point: &Point) -> f64 {
    point.size as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_has_a_line_with_its_name() {
        let point = |asked: &str, size| Point {
            database: "SQLite",
            asked: asked.to_owned(),
            size,
            cpu_us: 40.0,
            p50_ms: 0.1,
            p99_ms: 0.2,
            seeded_s: 1.0,
        };
        let drawn = draw(&[point("one", 10_000), point("one", 100_000), point("two", 10_000)]).unwrap();
        assert!(drawn.starts_with("<svg"));
        for name in ["one, SQLite", "two, SQLite", "rows"] {
            assert!(drawn.contains(name), "{name}");
        }
    }
}
