//! Where the file is: the disk and who may do what.

use std::path::Path;

use super::finding::Finding;

/// Looks at it.
#[cfg(not(unix))]
pub(super) fn look(_: &Path) -> Vec<Finding> {
    Vec::new()
}

/// Looks at it.
#[cfg(unix)]
pub(super) fn look(path: &Path) -> Vec<Finding> {
    unix::look(path)
}

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use ledger_sqlite::network_file_system;

    use crate::commands::doctor::finding::Finding;

    const FILE_SYSTEM: &str = "file system";

    /// Less room than this is worth a look, and less than that is too little.
    const ROOM_LOOK: u64 = 1 << 30;
    const ROOM_BAD: u64 = 64 << 20;

    pub(super) fn look(path: &Path) -> Vec<Finding> {
        let about = fs::metadata(path).ok();
        let mode = about.as_ref().map(|about| permissions(path, about));
        let links = about.as_ref().map(links);
        [file_system(path), room(path), mode, folder(path), links].into_iter().flatten().collect()
    }

    fn permissions(path: &Path, about: &fs::Metadata) -> Finding {
        let mode = about.mode() & 0o777;
        let found = format!("{mode:04o}");
        let advice = format!("others can read it: chmod 600 {}", path.display());
        match mode & 0o077 {
            0 => Finding::ok("permissions", found),
            others if others & 0o022 == 0 => Finding::look("permissions", found, advice),
            _ => Finding::bad("permissions", found, advice.replace("read it", "write it")),
        }
    }

    /// Whoever may write a folder may replace the files in it, unless it is sticky.
    fn folder(path: &Path) -> Option<Finding> {
        let folder =
            path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mode = fs::metadata(folder).ok()?.mode() & 0o7777;
        let found = format!("{mode:04o}");
        let is_closed = mode & 0o022 == 0 || mode & 0o1000 != 0;
        let advice = format!("others can replace the file: chmod go-w {}", folder.display());
        Some(if is_closed {
            Finding::ok("folder", found)
        } else {
            Finding::bad("folder", found, advice)
        })
    }

    fn links(about: &fs::Metadata) -> Finding {
        let found = format!("{}", about.nlink());
        if about.nlink() == 1 {
            return Finding::ok("names", found);
        }
        let advice =
            "money would be lost between several names of one file; keep one (find -samefile)";
        Finding::bad("names", found, advice)
    }

    fn room(path: &Path) -> Option<Finding> {
        let about = rustix::fs::statvfs(path).ok()?;
        let room = about.f_bavail.saturating_mul(about.f_frsize);
        let found = format!("{} free", indicatif::BinaryBytes(room));
        let advice = "make room: a full disk refuses writes, and loses none that were answered";
        Some(match room {
            ROOM_LOOK.. => Finding::ok("room", found),
            ROOM_BAD.. => Finding::look("room", found, advice),
            _ => Finding::bad("room", found, advice),
        })
    }

    fn file_system(path: &Path) -> Option<Finding> {
        let network = |name| {
            let advice = "processes can't share it safely over a network; keep it on a local disk";
            Finding::bad(FILE_SYSTEM, format!("network ({name})"), advice)
        };
        network_file_system(path).map(network).or_else(|| local(path))
    }

    #[cfg(not(target_os = "linux"))]
    fn local(_: &Path) -> Option<Finding> {
        None
    }

    #[cfg(target_os = "linux")]
    fn local(path: &Path) -> Option<Finding> {
        let number = rustix::fs::statfs(path).ok()?.f_type;
        // The kernel's number has 32 bits; where the type is wider, the sign may have been extended.
        let number = u32::try_from(number & 0xffff_ffff).ok()?;
        Some(match number {
            0xef53 => Finding::ok(FILE_SYSTEM, "ext4"),
            0x5846_5342 => Finding::ok(FILE_SYSTEM, "XFS"),
            0x9123_683e => Finding::ok(FILE_SYSTEM, "Btrfs"),
            0x2fc1_2fc1 => Finding::ok(FILE_SYSTEM, "ZFS"),
            0x0102_1994 | 0x8584_58f6 => Finding::look(
                FILE_SYSTEM,
                "in memory",
                "it is gone when the machine stops; keep it on a disk",
            ),
            0x794c_7630 => Finding::look(
                FILE_SYSTEM,
                "overlay",
                "it is gone with its container; keep it on a volume",
            ),
            0x6573_5546 => Finding::look(
                FILE_SYSTEM,
                "FUSE",
                "whether its flushes and locks can be relied on depends on the program behind it",
            ),
            other => Finding::ok(FILE_SYSTEM, format!("number {other:x}, not known here")),
        })
    }
}
