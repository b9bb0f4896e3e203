//! The table, the summary for machines, and the plot.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde::Serialize;

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub workload: String,
    pub ledger: String,
    pub figure: f64,
    pub unit: &'static str,
    /// What the bar is about: this figure, against another of the same run where it says so.
    pub ratio: Option<f64>,
    pub bar: Option<String>,
    pub met: Option<bool>,
}

#[derive(Default)]
pub struct Table(Vec<Row>);

impl Table {
    /// A figure to compare with.
    pub fn figure(&mut self, workload: &str, ledger: &str, figure: f64, unit: &'static str) {
        self.push(workload, ledger, figure, unit, None, None, None);
    }

    /// A figure that must be at least `bar` times `other`.
    pub fn at_least(
        &mut self,
        (workload, ledger): (&str, &str),
        (figure, unit): (f64, &'static str),
        (other, name): (f64, &str),
        bar: f64,
    ) {
        let ratio = figure / other;
        let text = format!(">= {bar} x {name}");
        self.push(workload, ledger, figure, unit, Some(ratio), Some(text), Some(ratio >= bar));
    }

    /// A figure that must be at most `bar`.
    pub fn at_most(&mut self, workload: &str, figure: f64, unit: &'static str, bar: f64) {
        let (text, met) = (format!("<= {bar} {unit}"), figure <= bar);
        self.push(workload, "ledger", figure, unit, None, Some(text), Some(met));
    }

    #[allow(clippy::too_many_arguments)]
    fn push(
        &mut self,
        workload: &str,
        ledger: &str,
        figure: f64,
        unit: &'static str,
        ratio: Option<f64>,
        bar: Option<String>,
        met: Option<bool>,
    ) {
        let (workload, ledger) = (workload.to_owned(), ledger.to_owned());
        eprintln!("  {workload}, {ledger}: {figure:.1} {unit}");
        self.0.push(Row { workload, ledger, figure, unit, ratio, bar, met });
    }

    pub fn print(&self) {
        println!("| workload | ledger | figure | unit | ratio | bar | met |");
        println!("|---|---|---:|---|---:|---|---|");
        for row in &self.0 {
            let Row { workload, ledger, figure, unit, ratio, bar, met } = row;
            let ratio = ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"));
            let met = met.map_or("", |met| if met { "yes" } else { "NO" });
            let bar = bar.as_deref().unwrap_or("");
            println!("| {workload} | {ledger} | {figure:.1} | {unit} | {ratio} | {bar} | {met} |");
        }
    }

    pub fn write(&self, folder: &Path) {
        fs::create_dir_all(folder).expect("made");
        let json = serde_json::to_string_pretty(&self.0).expect("written");
        fs::write(folder.join("summary.json"), json).expect("written");
    }
}

/// Throughput against the size of the ledger: a line for each ledger, a point for each step.
pub fn plot(lines: &[(&str, Vec<(f64, f64)>)], path: &Path) {
    let points = lines.iter().flat_map(|(_, points)| points);
    let (right, top) = points.fold((1.0_f64, 1.0_f64), |(x, y), it| (x.max(it.0), y.max(it.1)));
    let place = |(x, y): (f64, f64)| (60.0 + 560.0 * x / right, 330.0 - 300.0 * y / top);
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 380\" font-family=\"sans-serif\" \
         font-size=\"12\"><rect width=\"760\" height=\"380\" fill=\"white\"/>\n",
    );
    for step in 0..=4 {
        let y = top * f64::from(step) / 4.0;
        let (_, down) = place((0.0, y));
        let thousands = y / 1e3;
        let _ = writeln!(
            svg,
            "<path d=\"M60 {down:.0}H620\" stroke=\"#ddd\"/><text x=\"52\" y=\"{:.0}\" \
             text-anchor=\"end\">{thousands:.0}k</text>",
            down + 4.0
        );
    }
    for ((name, points), colour) in lines.iter().zip(["#0a6", "#888", "#c30", "#36c"]) {
        let path: Vec<String> = points
            .iter()
            .map(|point| place(*point))
            .map(|(x, y)| format!("{x:.1} {y:.1}"))
            .collect();
        let _ = writeln!(
            svg,
            "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            path.join("L")
        );
        if let Some((_, y)) = points.last().map(|point| place(*point)) {
            let _ = writeln!(
                svg,
                "<text x=\"628\" y=\"{:.0}\" fill=\"{colour}\">{name}</text>",
                y + 4.0
            );
        }
    }
    let _ = writeln!(
        svg,
        "<text x=\"340\" y=\"365\" text-anchor=\"middle\">transfers in the ledger: 0 to {right:.0} \
         million</text><text x=\"60\" y=\"18\">durable transfers a second</text></svg>"
    );
    fs::write(path, svg).expect("written");
}
