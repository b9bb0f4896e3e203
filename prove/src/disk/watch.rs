//! Watches one folder: notes what is done to the files in it, and has planned calls fail.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::libc;

use crate::disk::calls::{Call, Failure};

/// Which file something was done to, whatever its name is.
pub type FileId = usize;

/// Something that was done in the folder.
#[derive(Clone, Debug)]
pub enum Event {
    /// A file was made.
    Made { name: String, file: FileId },
    /// Bytes were written.
    Wrote { file: FileId, at: u64, bytes: Vec<u8> },
    /// The length was set.
    Cut { file: FileId, length: u64 },
    /// The file was flushed, well or not.
    Flushed { file: FileId, well: bool },
    /// A name was removed.
    Removed { name: String },
    /// A file got another name.
    Linked { name: String, file: FileId },
    /// The folder was flushed, well or not.
    FolderFlushed { well: bool },
    /// The program has something to remember about this moment.
    Mark,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrote { file, at, bytes } => {
                write!(f, "wrote {} bytes at {at} of file {file}", bytes.len())
            }
            other => write!(f, "{other:?}"),
        }
    }
}

/// What is to fail: the so manyth call, and perhaps all that follow. Runs differ a little, because some of what
/// is written is random; so it may also be the next call of that kind.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Which call it is, counted from 0.
    pub at: usize,
    /// Of which kind it is, if only such a call is to be the first.
    pub call: Option<Call>,
    /// How it fails.
    pub failure: Failure,
    /// Whether all later calls of that kind fail as well.
    pub for_ever: bool,
}

impl Plan {
    fn is_due(&self, number: usize, call: Call) -> bool {
        number >= self.at && self.call.is_none_or(|it| it == call) && self.failure.fits(call)
    }
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Go,
    /// Half of it goes on.
    Half,
    /// It fails with this number.
    Fail(i32),
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// What was done, in order.
    pub events: Vec<Event>,
    /// Every call that could have failed.
    pub calls: Vec<Call>,
    /// How many calls were made to fail.
    pub failed: usize,
    /// How much had been done when the first did.
    pub failed_at: Option<usize>,
}

#[derive(Default)]
struct Watch {
    folder: Vec<u8>,
    seen: Seen,
    plan: Option<Plan>,
    /// After a short write the device is full, for one call.
    is_full: bool,
    names: HashMap<String, FileId>,
    files: usize,
    open: HashMap<i32, Open>,
    /// Where a file is locked so that nobody else can have a lock: its number, and the first byte.
    alone: HashSet<(i32, i64)>,
}

#[derive(Clone, Copy)]
enum Open {
    File(FileId),
    Folder,
    /// A file that does not outlive a power cut.
    Passing,
}

static ON: AtomicBool = AtomicBool::new(false);

thread_local! {
    static IS_WATCHER: Cell<bool> = const { Cell::new(false) };
}

static WATCH: Mutex<Option<Watch>> = Mutex::new(None);
/// One folder is watched at a time.
static TURN: Mutex<()> = Mutex::new(());

fn watch() -> MutexGuard<'static, Option<Watch>> {
    WATCH.lock().unwrap_or_else(PoisonError::into_inner)
}

fn with<T>(what: impl FnOnce(&mut Watch) -> Option<T>) -> Option<T> {
    if !is_on() {
        return None;
    }
    what(watch().as_mut()?)
}

/// Watching, until it is ended or dropped.
#[derive(Debug)]
pub struct Watching {
    _turn: MutexGuard<'static, ()>,
}

#[allow(clippy::unused_self, reason = "only whoever watches may")]
impl Watching {
    /// Begins to watch a folder, in which nothing is open now. Files that are in it count as durable.
    pub fn begin(folder: &Path, plan: Option<Plan>) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let mut names: Vec<String> = std::fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        let files = names.len();
        let names = names.into_iter().zip(0..).collect();
        let folder = folder.as_os_str().as_bytes().to_vec();
        *watch() = Some(Watch { folder, plan, names, files, ..Watch::default() });
        switch(true);
        Self { _turn: turn }
    }

    /// From now on this fails as well; calls count from here.
    pub fn plan(&self, plan: Option<Plan>) {
        with(|watch| {
            watch.plan = plan;
            watch.is_full = false;
            watch.seen.calls.clear();
            Some(())
        });
    }

    /// Whether a call was made to fail.
    pub fn has_failed(&self) -> bool {
        with(|watch| Some(watch.seen.failed > 0)).unwrap_or(false)
    }

    /// Notes a moment.
    pub fn mark(&self) {
        with(|watch| {
            watch.seen.events.push(Event::Mark);
            Some(())
        });
    }

    /// Ends it.
    pub fn end(self) -> Seen {
        switch(false);
        watch().take().map(|watch| watch.seen).unwrap_or_default()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        switch(false);
    }
}

impl Watch {
    /// The name of a file in the folder; empty for the folder itself.
    fn name(&self, path: &[u8]) -> Option<String> {
        let rest = path.strip_prefix(self.folder.as_slice())?;
        let name = rest.strip_prefix(b"/").or_else(|| rest.is_empty().then_some(rest))?;
        String::from_utf8(name.to_vec()).ok()
    }

    fn verdict(&mut self, call: Call) -> Verdict {
        let number = self.seen.calls.len();
        self.seen.calls.push(call);
        if self.is_full && call == Call::Write {
            self.is_full = false;
            return Verdict::Fail(Failure::Full.number());
        }
        let Some(plan) = self.plan.filter(|plan| plan.is_due(number, call)) else {
            return Verdict::Go;
        };
        self.plan = plan.for_ever.then_some(Plan { call: None, ..plan });
        let failure = plan.failure;
        self.seen.failed += 1;
        self.seen.failed_at.get_or_insert(self.seen.events.len());
        self.is_full = failure == Failure::Short;
        if failure == Failure::Short { Verdict::Half } else { Verdict::Fail(failure.number()) }
    }

    fn file(&self, number: i32) -> Option<FileId> {
        match self.open.get(&number)? {
            Open::File(file) => Some(*file),
            Open::Folder | Open::Passing => None,
        }
    }

    fn make(&mut self, name: String) -> FileId {
        let file = self.files;
        self.files += 1;
        self.names.insert(name.clone(), file);
        self.seen.events.push(Event::Made { name, file });
        file
    }
}

fn switch(on: bool) {
    IS_WATCHER.set(on);
    ON.store(on, Ordering::SeqCst);
}

/// Whether this is the thread that watches a folder.
pub(crate) fn is_watcher() -> bool {
    IS_WATCHER.get()
}

/// Whether a folder is watched.
pub(crate) fn is_on() -> bool {
    ON.load(Ordering::SeqCst)
}

/// Whether there is a file of that name in the folder.
pub(crate) fn exists(path: &[u8]) -> bool {
    let found = with(|watch| Some(watch.names.contains_key(&watch.name(path)?)));
    found.unwrap_or(false)
}

/// A file was opened.
pub(crate) fn opened(path: &[u8], number: i32, existed: bool, emptied: bool) {
    with(|watch| {
        let name = watch.name(path)?;
        let open = if name.is_empty() {
            Open::Folder
        } else if name.ends_with("-shm") {
            Open::Passing
        } else if existed {
            Open::File(*watch.names.get(&name)?)
        } else {
            Open::File(watch.make(name))
        };
        watch.open.insert(number, open);
        if let (Open::File(file), true) = (open, emptied) {
            watch.seen.events.push(Event::Cut { file, length: 0 });
        }
        Some(())
    });
}

/// A file is about to be closed.
pub(crate) fn closed(number: i32) {
    with(|watch| {
        watch.alone.retain(|(file, _)| *file != number);
        watch.open.remove(&number)
    });
}

/// Whether nobody else can have a lock there.
pub(crate) fn is_alone(number: i32, lock: &libc::flock) -> bool {
    with(|watch| Some(watch.alone.contains(&(number, lock.l_start)))).unwrap_or(false)
}

/// A lock was taken, or given back.
pub(crate) fn locked(number: i32, lock: &libc::flock) {
    let end = if lock.l_len == 0 { i64::MAX } else { lock.l_start + lock.l_len };
    let bytes = lock.l_start..end;
    with(|watch| {
        watch.alone.retain(|(file, first)| *file != number || !bytes.contains(first));
        if i32::from(lock.l_type) == libc::F_WRLCK {
            watch.alone.insert((number, lock.l_start));
        }
        Some(())
    });
}

/// Whether what is written there matters.
pub(crate) fn is_watched(number: i32) -> bool {
    with(|watch| watch.file(number)).is_some()
}

/// What becomes of a call for an open file.
pub(crate) fn ask(number: i32, call: Call) -> Verdict {
    let verdict = with(|watch| {
        let is_folder = matches!(watch.open.get(&number)?, Open::Folder);
        Some(watch.verdict(if is_folder { Call::Folder } else { call }))
    });
    verdict.unwrap_or(Verdict::Go)
}

/// What becomes of a call for a name.
pub(crate) fn ask_name(path: &[u8], call: Call) -> Verdict {
    let verdict = with(|watch| {
        let is_folder = watch.name(path)?.is_empty();
        Some(watch.verdict(if is_folder { Call::Folder } else { call }))
    });
    verdict.unwrap_or(Verdict::Go)
}

/// Bytes were written.
pub(crate) fn wrote(number: i32, at: u64, bytes: &[u8]) {
    with(|watch| {
        let file = watch.file(number)?;
        watch.seen.events.push(Event::Wrote { file, at, bytes: bytes.to_vec() });
        Some(())
    });
}

/// A length was set.
pub(crate) fn cut(number: i32, length: u64) {
    with(|watch| {
        let file = watch.file(number)?;
        watch.seen.events.push(Event::Cut { file, length });
        Some(())
    });
}

/// Something was flushed, or should have been.
pub(crate) fn flushed(number: i32, well: bool) {
    with(|watch| {
        let event = match watch.open.get(&number)? {
            Open::File(file) => Event::Flushed { file: *file, well },
            Open::Folder => Event::FolderFlushed { well },
            Open::Passing => return None,
        };
        watch.seen.events.push(event);
        Some(())
    });
}

/// A name was removed.
pub(crate) fn removed(path: &[u8]) {
    with(|watch| {
        let name = watch.name(path)?;
        watch.names.remove(&name)?;
        watch.seen.events.push(Event::Removed { name });
        Some(())
    });
}

/// A file got another name.
pub(crate) fn linked(from: &[u8], to: &[u8]) {
    with(|watch| {
        let file = *watch.names.get(&watch.name(from)?)?;
        let name = watch.name(to)?;
        watch.names.insert(name.clone(), file);
        watch.seen.events.push(Event::Linked { name, file });
        Some(())
    });
}
