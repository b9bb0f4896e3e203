//! Calls of the system that matter to a file, and how each can fail.

use nix::libc;

/// A call of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// Opening a file that is there.
    Open,
    /// Making a file.
    Make,
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Changing a file's length.
    Length,
    /// Flushing a file.
    Flush,
    /// Opening or flushing the folder.
    Folder,
    /// Taking a lock.
    Lock,
    /// Removing a name.
    Remove,
    /// Giving another name.
    Link,
    /// Asking for room.
    Room,
}

/// A way to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The device fails.
    Device,
    /// The device is full.
    Full,
    /// Half of it is written, and then the device is full.
    Short,
    /// Someone else has it.
    Busy,
    /// A flush fails, and nothing else does.
    NoFlush,
    /// The folder can't be flushed.
    NoFolder,
    /// A flush says that it was done, and was not. No disk should, some do.
    Lie,
}

impl Failure {
    /// Every way in which each call may fail. Lying is not among them: nothing helps against it.
    pub const ALL: [Self; 6] =
        [Self::Device, Self::Full, Self::Short, Self::Busy, Self::NoFlush, Self::NoFolder];

    /// Whether a call can fail like that.
    pub fn fits(self, call: Call) -> bool {
        match self {
            Self::Device => call != Call::Lock,
            Self::Full => {
                matches!(call, Call::Make | Call::Write | Call::Flush | Call::Folder | Call::Room)
            }
            Self::Short => call == Call::Write,
            Self::Busy => call == Call::Lock,
            Self::Lie | Self::NoFlush => call == Call::Flush,
            Self::NoFolder => call == Call::Folder,
        }
    }

    /// Whether it is another failure's if it happens once: these two differ from a device that fails only in
    /// what fails afterwards.
    pub fn is_another_once(self) -> bool {
        matches!(self, Self::NoFlush | Self::NoFolder)
    }

    /// What the system says.
    pub fn number(self) -> i32 {
        match self {
            Self::Device | Self::NoFlush | Self::NoFolder => libc::EIO,
            Self::Full | Self::Short => libc::ENOSPC,
            Self::Busy => libc::EAGAIN,
            Self::Lie => 0,
        }
    }
}
