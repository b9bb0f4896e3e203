//! Faults of a ledger's that were planted, to see whether they are found. Each is one that a store, or the write
//! path around it, could have.

macro_rules! planted {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A fault that was planted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Planted {
            $($(#[$doc])* $name,)*
        }

        impl Planted {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

planted! {
    /// A commit is answered before it is flushed.
    AnswersBeforeTheFlush,
    /// The last record of a group is not written.
    WritesHalfAGroup,
    /// Of a commit in doubt only the first record is there later.
    DoubtWritesHalf,
    /// What was written in doubt is forgotten when the store recovers.
    RecoveryLoses,
    /// What was written in doubt shows only after the next crash.
    RecoveryComesTooEarly,
    /// What was lost in doubt is there after all.
    DoubtComesBack,
    /// A commit in doubt is taken for one that was written.
    DoubtIsTakenForYes,
    /// A commit in doubt is taken for one that was refused.
    DoubtIsTakenForNo,
    /// The store says that it is busy, and has written.
    BusyButWritten,
    /// The store says that it is full, and has written.
    FullButWritten,
    /// The store says that it took a write back, and has not.
    RefusedButWritten,
    /// Looks go on while a commit is in doubt.
    ShowsWhatIsInDoubt,
    /// A look shows wallets as they were one commit ago.
    LooksAreBehind,
    /// A look shows holds as they were one commit ago.
    HoldsAreShownBehind,
    /// The last commit is lost in a crash.
    CrashTakesTheLastCommit,
    /// Keys are not looked for.
    ForgetsKeys,
    /// The keys of the latest commit are not found yet.
    FindsKeysTooLate,
    /// Keys are forgotten in a crash.
    ForgetsKeysInACrash,
    /// Noes are forgotten.
    ForgetsNoes,
    /// Noes are found under a key that was never used.
    FindsNoesOfOthers,
    /// Wallets are loaded as they were one commit ago.
    LoadsOldWallets,
    /// Holds are loaded as they were one commit ago.
    LoadsOldHolds,
    /// What was reversed before is not loaded.
    ForgetsReversals,
    /// What was reversed is loaded for the first posting only.
    ForgetsPartsOfReversals,
    /// What is reserved on a wallet is not loaded.
    ForgetsWhatIsReserved,
    /// A wallet's status is not loaded.
    ForgetsStatus,
    /// A wallet's floor is not loaded.
    ForgetsFloors,
    /// A wallet's other limits are not loaded.
    ForgetsLimits,
    /// A hold lasts one millisecond longer where it is captured.
    HoldsLastLonger,
    /// A hold lasts one millisecond less where it is captured.
    HoldsLastLess,
    /// How much of a hold was captured is not loaded.
    ForgetsCaptures,
    /// A hold that ended is loaded as if it had not.
    RevivesHolds,
    /// A replay has the balance of today.
    ReplaysShowToday,
    /// A replay has another id.
    ReplaysHaveNewIds,
    /// A wallet's version stays behind.
    VersionsStayBehind,
    /// The wallet that pays is loaded with one unit more.
    MakesAUnit,
}
