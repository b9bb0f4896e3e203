//! What a disk may hold after a power cut: everything that was flushed, and of the rest any part.
//!
//! A write that was not flushed may be there, or not, or in some of its sectors only, also when a later one
//! is there; a length or a name that was not flushed may be the old or the new one. After a flush that
//! failed, what it should have flushed of a file stays uncertain for ever: a later flush does not bring it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::Path;

use fastrand::Rng;

use crate::disk::watch::{Event, FileId};

/// Bytes that a disk writes whole or not at all.
const SECTOR: usize = 512;

/// The files of a folder, by name; names of the same file share its number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Image(BTreeMap<String, (FileId, Vec<u8>)>);

impl Image {
    /// Reads a folder's files.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            files.insert(name, (0, std::fs::read(entry.path())?));
        }
        for (number, (file, _)) in (0..).zip(files.values_mut()) {
            *file = number;
        }
        Ok(Self(files))
    }

    /// Makes the folder hold these files and no others.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            std::fs::remove_file(entry?.path())?;
        }
        let mut written: BTreeMap<FileId, &String> = BTreeMap::new();
        for (name, (file, bytes)) in &self.0 {
            match written.get(file) {
                Some(other) => std::fs::hard_link(folder.join(other), folder.join(name))?,
                None => std::fs::write(folder.join(name), bytes)?,
            }
            written.entry(*file).or_insert(name);
        }
        Ok(())
    }

    /// A number that other images hardly ever have.
    pub fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    /// A number for what is in the files whose names begin so.
    pub fn digest_of(&self, name: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        for (other, (_, bytes)) in self.0.iter().filter(|it| it.0.starts_with(name)) {
            (other, bytes).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Whether there is a file of that name.
    #[cfg(test)]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// How a power cut treats what was not flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Nothing of it is there.
    Nothing,
    /// All of it is there.
    Everything,
    /// All that was written is there, and no length that was set.
    Writes,
    /// So much of it is there, in percent, in any order.
    Some(u8),
    /// The same, and what is there may be there in part.
    Torn(u8),
}

impl Cut {
    /// The extremes, and then others at random.
    pub fn choose(number: usize, rng: &mut Rng) -> Self {
        match (number, rng.bool()) {
            (0, _) => Self::Nothing,
            (1, _) => Self::Everything,
            (2, _) => Self::Writes,
            (_, true) => Self::Some(rng.u8(5..=95)),
            (_, false) => Self::Torn(rng.u8(5..=95)),
        }
    }

    fn keeps(self, rng: &mut Rng) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything | Self::Writes => true,
            Self::Some(percent) | Self::Torn(percent) => rng.u8(0..100) < percent,
        }
    }
}

#[derive(Clone, Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Cut { length: usize },
}

#[derive(Clone, Debug)]
enum Naming {
    Add { name: String, file: FileId },
    Remove { name: String },
}

/// How certain it is that a change is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Certainty {
    Flushed,
    /// Until the next flush.
    NotFlushed,
    /// For ever: its flush failed.
    Lost,
}

/// Changes in their order, on top of what is certain.
#[derive(Clone, Debug)]
struct Pile<T>(Vec<(T, Certainty)>);

impl<T> Pile<T> {
    fn add(&mut self, change: T) {
        self.0.push((change, Certainty::NotFlushed));
    }

    /// Notes a flush, and takes off what is certain and has nothing uncertain below it.
    fn flush(&mut self, well: bool) -> impl Iterator<Item = T> {
        let now = if well { Certainty::Flushed } else { Certainty::Lost };
        for (_, certainty) in &mut self.0 {
            if *certainty == Certainty::NotFlushed {
                *certainty = now;
            }
        }
        let uncertain = self.0.iter().position(|(_, it)| *it != Certainty::Flushed);
        let certain = uncertain.unwrap_or(self.0.len());
        self.0.drain(..certain).map(|(change, _)| change)
    }

    fn is_certain(&self) -> bool {
        self.0.iter().all(|(_, it)| *it == Certainty::Flushed)
    }
}

#[derive(Clone, Debug)]
struct File {
    flushed: Vec<u8>,
    later: Pile<Change>,
}

/// A folder on a disk that is about to lose its power.
#[derive(Clone, Debug)]
pub struct Disk {
    files: Vec<File>,
    names: BTreeMap<String, FileId>,
    later: Pile<Naming>,
}

impl Disk {
    /// A disk on which these files are safe.
    pub fn with(image: &Image) -> Self {
        let mut files = Vec::new();
        for (file, bytes) in image.0.values() {
            if files.len() <= *file {
                files.resize_with(*file + 1, || File { flushed: vec![], later: Pile(vec![]) });
            }
            if let Some(place) = files.get_mut(*file) {
                place.flushed.clone_from(bytes);
            }
        }
        let names = image.0.iter().map(|(name, (file, _))| (name.clone(), *file)).collect();
        Self { files, names, later: Pile(vec![]) }
    }

    /// Does to the disk what was done.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Made { name, file } => {
                let empty = File { flushed: vec![], later: Pile(vec![]) };
                self.files.resize(*file + 1, empty);
                self.later.add(Naming::Add { name: name.clone(), file: *file });
            }
            Event::Wrote { file, at, bytes } => {
                let at = usize::try_from(*at).unwrap_or(0);
                self.change(*file, Change::Write { at, bytes: bytes.clone() });
            }
            Event::Cut { file, length } => {
                let length = usize::try_from(*length).unwrap_or(0);
                self.change(*file, Change::Cut { length });
            }
            Event::Flushed { file, well } => self.flush(*file, *well),
            Event::Removed { name } => self.later.add(Naming::Remove { name: name.clone() }),
            Event::Linked { name, file } => {
                self.later.add(Naming::Add { name: name.clone(), file: *file });
            }
            Event::FolderFlushed { well: true } => {
                for naming in self.later.flush(true) {
                    naming.carry_out(&mut self.names);
                }
            }
            // Names are the file system's own, which it does not forget: the next flush may bring them.
            Event::FolderFlushed { well: false } | Event::Mark => {}
        }
    }

    fn change(&mut self, file: FileId, change: Change) {
        if let Some(file) = self.files.get_mut(file) {
            file.later.add(change);
        }
    }

    fn flush(&mut self, file: FileId, well: bool) {
        let Some(file) = self.files.get_mut(file) else { return };
        for change in file.later.flush(well) {
            change.carry_out(&mut file.flushed);
        }
    }

    /// Whether a power cut now could take nothing away.
    pub fn is_certain(&self) -> bool {
        self.later.is_certain() && self.files.iter().all(|file| file.later.is_certain())
    }

    /// What may be there after a power cut now.
    pub fn cut(&self, cut: Cut, rng: &mut Rng) -> Image {
        let mut names = self.names.clone();
        for (naming, certainty) in &self.later.0 {
            if *certainty == Certainty::Flushed || cut.keeps(rng) {
                naming.carry_out(&mut names);
            }
        }
        let contents: BTreeMap<FileId, Vec<u8>> = names
            .values()
            .filter_map(|file| Some((*file, self.files.get(*file)?.cut(cut, rng))))
            .collect();
        let files = names.into_iter().filter_map(|(name, file)| {
            let bytes = contents.get(&file)?.clone();
            Some((name, (file, bytes)))
        });
        Image(files.collect())
    }
}

impl File {
    fn cut(&self, cut: Cut, rng: &mut Rng) -> Vec<u8> {
        let mut bytes = self.flushed.clone();
        for (change, certainty) in &self.later.0 {
            if *certainty == Certainty::Flushed {
                change.carry_out(&mut bytes);
            } else if cut.keeps(rng) {
                match cut {
                    Cut::Writes if matches!(change, Change::Cut { .. }) => {}
                    Cut::Torn(_) if rng.bool() => change.carry_out_in_part(&mut bytes, rng),
                    _ => change.carry_out(&mut bytes),
                }
            }
        }
        bytes
    }
}

impl Change {
    fn carry_out(&self, file: &mut Vec<u8>) {
        match self {
            Self::Cut { length } => file.resize(*length, 0),
            Self::Write { at, bytes } => put(file, *at, bytes),
        }
    }

    /// Some sectors are new and others are old; or only the length is new; or a sector is junk.
    fn carry_out_in_part(&self, file: &mut Vec<u8>, rng: &mut Rng) {
        let Self::Write { at, bytes } = self else { return self.carry_out(file) };
        if rng.u8(0..4) == 0 {
            let end = at + bytes.len();
            file.resize(file.len().max(end), 0);
            return;
        }
        let mut done = 0;
        while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
            let place = at + done;
            let length = (SECTOR - place % SECTOR).min(rest.len());
            let sector = rest.get(..length).unwrap_or_default();
            // A sector that is written again with what is in it stays as it is.
            let stays = file.get(place..place + length) == Some(sector);
            match rng.u8(0..16) {
                0..8 => put(file, place, sector),
                8 if length == SECTOR && !stays => put(file, place, &junk(length, rng)),
                _ => {}
            }
            done += length;
        }
    }
}

impl Naming {
    fn carry_out(&self, names: &mut BTreeMap<String, FileId>) {
        match self {
            Self::Add { name, file } => drop(names.insert(name.clone(), *file)),
            Self::Remove { name } => drop(names.remove(name)),
        }
    }
}

/// What was in a file that is long gone, say.
fn junk(length: usize, rng: &mut Rng) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rng.fill(&mut bytes);
    bytes
}

fn put(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    if let Some(place) = file.get_mut(at..end) {
        place.copy_from_slice(bytes);
    }
}
