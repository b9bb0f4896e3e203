//! A file system of its own, in a file, that can lose its power.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::unistd::geteuid;

/// A file system that is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// The usual one.
    Ext4,
    /// One that keeps its log in another way.
    Xfs,
}

/// What a file system loses with its power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Data and log, as far as they were not flushed.
    DataAndLog = 2,
    /// Data only: the log is flushed first, so that it is ahead.
    Data = 1,
}

impl System {
    /// Its name, as `mkfs` and people know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ext4 => "ext4",
            Self::Xfs => "xfs",
        }
    }

    /// Below this, `mkfs` makes none.
    fn size(self) -> u64 {
        match self {
            Self::Ext4 => 64 << 20,
            Self::Xfs => 320 << 20,
        }
    }

    /// Makes an empty one in a file.
    pub fn make(self, image: &Path) -> io::Result<()> {
        File::create(image)?.set_len(self.size())?;
        run(Command::new(format!("mkfs.{}", self.name())).arg("-q").arg(image))
    }

    /// Whether this machine lets us try it; else why not.
    pub fn check(self) -> Result<(), String> {
        if !geteuid().is_root() {
            return Err("only root can mount a file system".to_owned());
        }
        let tried = || {
            let folder = tempfile::tempdir()?;
            let image = folder.path().join("image");
            self.make(&image)?;
            Mounted::new(&image, &folder.path().join("disk"))?.cut(Lost::DataAndLog)
        };
        tried().map_err(|error: io::Error| error.to_string())
    }
}

/// A file system that is mounted, until this is dropped.
#[derive(Debug)]
pub struct Mounted(PathBuf);

impl Mounted {
    /// Mounts the file system in `image` there.
    pub fn new(image: &Path, folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        run(Command::new("mount").args(["-o", "loop"]).arg(image).arg(folder))?;
        Ok(Self(folder.to_owned()))
    }

    /// Its power goes: from now on nothing can be read or written.
    pub fn cut(&self, lost: Lost) -> io::Result<()> {
        let folder = File::open(&self.0)?;
        shut_down(&folder, lost as u32)
    }

    /// Unmounts it.
    pub fn end(self) -> io::Result<()> {
        unmount(&self.0)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = unmount(&self.0);
    }
}

/// Whoever was killed may take a moment to let go of it.
fn unmount(folder: &Path) -> io::Result<()> {
    let mounted = || fs::read_to_string("/proc/self/mounts");
    let is_mounted = |text: &str| text.contains(&format!(" {} ", folder.display()));
    let mut tries = 0;
    while is_mounted(&mounted()?) {
        tries += 1;
        match run(Command::new("umount").arg(folder)) {
            Err(error) if tries == 100 => return Err(error),
            Err(_) => thread::sleep(Duration::from_millis(20)),
            Ok(()) => {}
        }
    }
    Ok(())
}

fn run(command: &mut Command) -> io::Result<()> {
    let said = command.stdin(Stdio::null()).output();
    let said = said.map_err(|error| io::Error::other(format!("{command:?}: {error}")))?;
    if said.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&said.stderr).trim().to_owned();
    Err(io::Error::other(format!("{command:?}: {words}")))
}

#[allow(unsafe_code, reason = "there is no safe call for it")]
fn shut_down(folder: &File, flags: u32) -> io::Result<()> {
    // "Going down": the number is the same on both file systems.
    nix::ioctl_read!(going_down, b'X', 125, u32);
    let mut flags = flags;
    // SAFETY: the descriptor is open, and the system only reads the number behind the pointer.
    unsafe { going_down(folder.as_raw_fd(), &raw mut flags) }?;
    Ok(())
}
