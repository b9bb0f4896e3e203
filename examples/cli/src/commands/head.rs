//! `head`: the end of the journal.

use clap::Args;

use crate::book::FileArg;
use crate::failure::Done;
use crate::output::Output;
use crate::record::Record;

/// Prints the end of the journal.
#[derive(Args, Debug)]
pub struct Head {
    #[command(flatten)]
    file: FileArg,
}

impl Head {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let head = self.file.open(output)?.head()?;
        // For people it is one word, to be kept as it is.
        output.say(head.to_string())?;
        if !output.is_json() {
            return Ok(());
        }
        let record = Record::default()
            .with("head", head.to_string())
            .with("epoch", head.epoch)
            .with("lines", head.lines);
        output.record(&record)
    }
}
