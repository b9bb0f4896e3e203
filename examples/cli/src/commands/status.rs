//! `freeze`, `unfreeze` and `close`.

use clap::Args;
use ledger_core::{Command, Key, Wallet};

use crate::book::FileArg;
use crate::failure::Done;
use crate::output::Output;
use crate::request::Request;

#[derive(Args, Debug)]
struct Subject {
    #[command(flatten)]
    file: FileArg,
    /// The wallet's name
    wallet: String,
    #[command(flatten)]
    request: Request,
}

impl Subject {
    fn send(&self, output: &mut Output, make: fn(Key, &Wallet) -> Command) -> Done {
        let book = self.file.open(output)?;
        let wallet = book.named(&self.wallet)?;
        self.request.send(&book, output, |key| make(key, &wallet))
    }
}

macro_rules! status_commands {
    ($($(#[$doc:meta])* $name:ident $make:ident;)*) => {
        $($(#[$doc])*
        #[derive(Args, Debug)]
        pub struct $name {
            #[command(flatten)]
            subject: Subject,
        }

        impl $name {
            /// Does it.
            pub fn run(&self, output: &mut Output) -> Done {
                self.subject.send(output, |key, wallet| Command::$make(key, wallet))
            }
        })*
    };
}

status_commands! {
    /// Stops all that moves in and out of a wallet.
    Freeze freeze;
    /// Lets money move again.
    Unfreeze unfreeze;
    /// Closes an empty wallet for ever.
    Close close;
}
