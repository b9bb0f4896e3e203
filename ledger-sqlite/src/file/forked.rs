//! What a child of `fork` inherits and must not touch.
//!
//! A child shares its parent's open files. If it closed them as Rust usually does, SQLite would give
//! up the parent's locks; if it kept the lock file's descriptor, the lock of a parent that was killed
//! would live on in it. So what is ours is only ever dropped by the process that made it, and in a
//! child the descriptors that carry locks are closed at once, by number, without unlocking.

use std::fs::File;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// Which process this is, as far as it can be told without asking the system: it is another one
/// after each `fork`. (A child that was made without the C library's `fork` is found out when it
/// writes.)
pub(crate) fn generation() -> u32 {
    descriptors::install_once();
    GENERATION.load(Ordering::Relaxed)
}

static GENERATION: AtomicU32 = AtomicU32::new(0);

/// Something that only the process that made it drops.
#[derive(Debug)]
pub(crate) struct Own<T> {
    thing: ManuallyDrop<T>,
    maker: u32,
}

impl<T> Own<T> {
    pub(crate) fn new(thing: T) -> Self {
        Self { thing: ManuallyDrop::new(thing), maker: process::id() }
    }
}

impl<T> Deref for Own<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.thing
    }
}

impl<T> DerefMut for Own<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.thing
    }
}

impl<T> Drop for Own<T> {
    #[allow(unsafe_code, reason = "the one way to drop something only sometimes")]
    fn drop(&mut self) {
        if process::id() == self.maker {
            // SAFETY: this runs once, and nothing uses the thing afterwards.
            unsafe { ManuallyDrop::drop(&mut self.thing) }
        }
    }
}

/// A file with a lock on it. A child of `fork` gives it up at once.
#[derive(Debug)]
pub(crate) struct LockedFile {
    /// Left first: a number that is closed may be another file's at once.
    _entry: Own<descriptors::Entry>,
    file: Own<File>,
}

impl LockedFile {
    pub(crate) fn new(file: File) -> Self {
        let entry = descriptors::enter(&file);
        Self { _entry: Own::new(entry), file: Own::new(file) }
    }
}

impl Deref for LockedFile {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

#[cfg(unix)]
mod descriptors {
    //! The descriptors that a child closes. The list has a fixed size and no lock, because hardly
    //! anything may be done in a child of a process with threads.

    use std::fs::File;
    use std::os::fd::AsRawFd;
    use std::sync::Once;
    use std::sync::atomic::{AtomicI32, Ordering};

    use nix::libc;

    const NONE: i32 = -1;
    /// Two for each file that is open.
    const MAX: usize = 1_024;

    static DESCRIPTORS: [AtomicI32; MAX] = [const { AtomicI32::new(NONE) }; MAX];
    static HANDLER: Once = Once::new();

    /// A place in the list, left when it is dropped.
    #[derive(Debug)]
    pub(crate) struct Entry(Option<&'static AtomicI32>);

    pub(super) fn enter(file: &File) -> Entry {
        install_once();
        let number = file.as_raw_fd();
        let take = |place: &&AtomicI32| {
            place.compare_exchange(NONE, number, Ordering::SeqCst, Ordering::SeqCst).is_ok()
        };
        // With more files open than that, a child keeps some; it is told to open none anyway.
        Entry(DESCRIPTORS.iter().find(take))
    }

    pub(super) fn install_once() {
        HANDLER.call_once(install);
    }

    impl Drop for Entry {
        fn drop(&mut self) {
            if let Some(place) = self.0 {
                place.store(NONE, Ordering::SeqCst);
            }
        }
    }

    #[allow(unsafe_code, reason = "no safe crate registers such a handler")]
    fn install() {
        // SAFETY: the handler only reads atomics and closes descriptors, which is allowed there.
        unsafe { libc::pthread_atfork(None, None, Some(close_all)) };
    }

    #[allow(unsafe_code, reason = "closing by number")]
    extern "C" fn close_all() {
        super::GENERATION.fetch_add(1, Ordering::Relaxed);
        for place in &DESCRIPTORS {
            let number = place.swap(NONE, Ordering::SeqCst);
            if number != NONE {
                // SAFETY: the number was entered by its owner, which never closes it in a child.
                unsafe { libc::close(number) };
            }
        }
    }
}

#[cfg(not(unix))]
mod descriptors {
    //! There is no `fork`.

    use std::fs::File;

    #[derive(Debug)]
    pub(crate) struct Entry;

    pub(super) fn enter(_: &File) -> Entry {
        Entry
    }

    pub(super) fn install_once() {}
}
