//! What kind of file system a file is on. Over a network, neither locks nor shared memory can be
//! relied on.

use std::path::Path;

use ledger_core::store::{StoreError, StoreResult};

/// Refuses a file, or a folder, on a network file system, unless one process has it alone.
pub(crate) fn check(path: &Path, exclusive: bool) -> StoreResult<()> {
    match network_file_system(path) {
        Some(name) if !exclusive => Err(StoreError::Broken(format!(
            "{} is on a network file system ({name}), where processes can't share it safely; keep it \
             on a local disk, or open it in exclusive mode",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// The name of the network file system that a file or folder is on, such as "NFS"; none if it is a local
/// one, or not known. Outside of Linux none is known. On one, a ledger is only opened in exclusive mode.
#[cfg(target_os = "linux")]
pub fn network_file_system(path: &Path) -> Option<&'static str> {
    let about = nix::sys::statfs::statfs(path).ok()?;
    // The kernel's number has 32 bits; where the type is wider, the sign may have been extended.
    name_of(u32::try_from(about.filesystem_type().0 & 0xffff_ffff).ok()?)
}

/// The name of the network file system that a file or folder is on. Outside of Linux none is known.
#[cfg(not(target_os = "linux"))]
pub fn network_file_system(_: &Path) -> Option<&'static str> {
    None
}

/// The network file system with that number; none if it is a local one, or not known.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn name_of(number: u32) -> Option<&'static str> {
    Some(match number {
        0x6969 => "NFS",
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => "SMB",
        0x0102_1997 => "9P",
        0x5346_414f | 0x6b41_4653 => "AFS",
        0x7375_7245 => "Coda",
        0x00c3_6400 => "Ceph",
        0x0bd0_0bd0 => "Lustre",
        0x4750_4653 => "GPFS",
        0x0116_1970 => "GFS2",
        0x7461_636f => "OCFS2",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_and_local_ones_are_not() {
        for number in [
            0x6969,
            0x517b,
            0xff53_4d42,
            0xfe53_4d42,
            0x0102_1997,
            0x5346_414f,
            0x6b41_4653,
            0x7375_7245,
            0x00c3_6400,
            0x0bd0_0bd0,
            0x4750_4653,
            0x0116_1970,
            0x7461_636f,
        ] {
            assert!(name_of(number).is_some(), "{number:x}");
        }
        // ext4, xfs, btrfs, tmpfs, overlayfs, zfs, FUSE.
        for number in
            [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0x794c_7630, 0x2fc1_2fc1, 0x6573_5546]
        {
            assert_eq!(name_of(number), None, "{number:x}");
        }
    }
}
