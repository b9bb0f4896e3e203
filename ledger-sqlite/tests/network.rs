//! A network file system, faked: the C library's call that tells what kind of file system it is says another one.

#![cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
#![allow(clippy::unwrap_used)]
#![allow(unsafe_code, reason = "a function of the C library, by its C name")]

mod support;

use std::ffi::{c_char, c_int, c_long};
use std::sync::atomic::{AtomicI64, Ordering};

use ledger_core::Class;
use ledger_sqlite::network_file_system;
use nix::libc;

use crate::support::{Shop, TestFile};

/// The number of the file system that everything is on; none while it is 0.
static SYSTEM: AtomicI64 = AtomicI64::new(0);
const NFS: i64 = 0x6969;
const SMB: i64 = 0xff53_4d42;

fn tell(path: *const c_char, about: *mut libc::statfs) -> c_int {
    // SAFETY: the caller's arguments, handed on as they are.
    let done: c_long = unsafe { libc::syscall(libc::SYS_statfs, path, about) };
    let system = SYSTEM.load(Ordering::SeqCst);
    if done == 0 && system != 0 {
        // SAFETY: the system has just filled it.
        unsafe { (*about).f_type = system };
    }
    c_int::try_from(done).unwrap_or(-1)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn statfs(path: *const c_char, about: *mut libc::statfs) -> c_int {
    tell(path, about)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn statfs64(path: *const c_char, about: *mut libc::statfs) -> c_int {
    tell(path, about)
}

#[test]
fn a_file_over_a_network_is_refused_unless_one_process_has_it_alone() {
    let file = TestFile::new();
    for (system, name) in [(NFS, "NFS"), (SMB, "SMB")] {
        SYSTEM.store(system, Ordering::SeqCst);
        assert_eq!(network_file_system(file.path().parent().unwrap()), Some(name));
        let refused = file.builder().open().unwrap_err();
        assert_eq!(refused.class(), Class::Fatal);
        let said = refused.to_string();
        assert!(said.contains(name) && said.contains("exclusive"), "{said}");
        assert!(!file.path().exists(), "nothing was made");
    }
    let ledger = file.builder().exclusive(true).open().unwrap();
    let shop = Shop::on(&ledger);
    shop.fund("10", "fund");
    shop.pay("1", "pay").unwrap();
    assert_eq!(ledger.verify().unwrap().problem, None);
    drop((shop, ledger));
    assert!(file.builder().open().is_err(), "and now that it is there, not either");
    SYSTEM.store(0, Ordering::SeqCst);
    assert_eq!(Shop::on(&file.open()).posted(&Shop::on(&file.open()).bob), "1.00 USD");
}
