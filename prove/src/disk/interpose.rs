//! The C library's calls for files, in the place of its own. The program defines them, so SQLite's and
//! Rust's calls both come here, are shown to `watch`, and go on to the system.
//!
//! It is done here and not in a file system of SQLite's, because part of what must survive a power cut is
//! written beside SQLite: the room in the log, the new file's name, the copy's.

#![allow(unsafe_code, reason = "functions of the C library, by their C names")]
#![allow(clippy::missing_safety_doc, reason = "as the C library has them")]

use std::ffi::CStr;

use nix::errno::Errno;
use nix::libc::{self, c_char, c_int, c_long, c_uint, c_void, off_t, size_t, ssize_t};

use crate::disk::calls::Call;
use crate::disk::watch::{self, Verdict};

/// The system's own call. It sets the error's number.
macro_rules! system {
    // SAFETY: the caller's arguments, handed on as they are.
    ($number:ident $(, $argument:expr)*) => { unsafe { libc::syscall(libc::$number $(, $argument)*) } };
}

fn fail(number: i32) -> c_long {
    Errno::set_raw(number);
    -1
}

fn small(result: c_long) -> c_int {
    c_int::try_from(result).unwrap_or(-1)
}

fn size(result: c_long) -> ssize_t {
    ssize_t::try_from(result).unwrap_or(-1)
}

fn open_at(folder: c_int, path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    // SAFETY: a path that the C library would have read as well.
    let name = unsafe { CStr::from_ptr(path) }.to_bytes();
    let existed = watch::exists(name);
    if let Verdict::Fail(number) = watch::ask_name(name, opening(folder, path, flags)) {
        return small(fail(number));
    }
    let opened = small(system!(SYS_openat, folder, path, flags, mode));
    if opened >= 0 {
        watch::opened(name, opened, existed, flags & libc::O_TRUNC != 0);
    }
    opened
}

/// Whether a file is made or opened: for one that is there, no disk is too full.
fn opening(folder: c_int, path: *const c_char, flags: c_int) -> Call {
    let is_made = flags & libc::O_CREAT != 0
        && watch::is_on()
        && system!(SYS_faccessat, folder, path, libc::F_OK) != 0;
    if is_made { Call::Make } else { Call::Open }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    open_at(libc::AT_FDCWD, path, flags, mode)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    open_at(libc::AT_FDCWD, path, flags, mode)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn close(file: c_int) -> c_int {
    watch::closed(file);
    small(system!(SYS_close, file))
}

fn write_at(
    file: c_int,
    bytes: *const c_void,
    count: size_t,
    at: impl FnOnce() -> off_t,
    go: impl FnOnce(size_t) -> c_long,
) -> ssize_t {
    let count = match watch::ask(file, Call::Write) {
        Verdict::Fail(number) => return size(fail(number)),
        Verdict::Half => count.div_ceil(2),
        Verdict::Go => count,
    };
    let at = if watch::is_watched(file) { Some(at()) } else { None };
    let done = size(go(count));
    if let (Some(at), Ok(length)) = (at, usize::try_from(done)) {
        // SAFETY: the system has just read so many bytes from there.
        let bytes = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), length) };
        watch::wrote(file, u64::try_from(at).unwrap_or(0), bytes);
    }
    done
}

#[unsafe(no_mangle)]
unsafe extern "C" fn write(file: c_int, bytes: *const c_void, count: size_t) -> ssize_t {
    let place = || system!(SYS_lseek, file, 0, libc::SEEK_CUR);
    write_at(file, bytes, count, place, |count| system!(SYS_write, file, bytes, count))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite64(
    file: c_int,
    bytes: *const c_void,
    count: size_t,
    at: off_t,
) -> ssize_t {
    write_at(file, bytes, count, || at, |count| system!(SYS_pwrite64, file, bytes, count, at))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite(
    file: c_int,
    bytes: *const c_void,
    count: size_t,
    at: off_t,
) -> ssize_t {
    write_at(file, bytes, count, || at, |count| system!(SYS_pwrite64, file, bytes, count, at))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn read(file: c_int, bytes: *mut c_void, count: size_t) -> ssize_t {
    match watch::ask(file, Call::Read) {
        Verdict::Fail(number) => size(fail(number)),
        _ => size(system!(SYS_read, file, bytes, count)),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pread64(file: c_int, bytes: *mut c_void, count: size_t, at: off_t) -> ssize_t {
    match watch::ask(file, Call::Read) {
        Verdict::Fail(number) => size(fail(number)),
        _ => size(system!(SYS_pread64, file, bytes, count, at)),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate64(file: c_int, length: off_t) -> c_int {
    if let Verdict::Fail(number) = watch::ask(file, Call::Length) {
        return small(fail(number));
    }
    let done = small(system!(SYS_ftruncate, file, length));
    if done == 0 {
        watch::cut(file, u64::try_from(length).unwrap_or(0));
    }
    done
}

fn flush(file: c_int, go: impl FnOnce() -> c_long) -> c_int {
    if let Verdict::Fail(number) = watch::ask(file, Call::Flush) {
        watch::flushed(file, false);
        // A disk that lies says nothing.
        return if number == 0 { 0 } else { small(fail(number)) };
    }
    let done = small(go());
    watch::flushed(file, done == 0);
    done
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fsync(file: c_int) -> c_int {
    flush(file, || system!(SYS_fsync, file))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fdatasync(file: c_int) -> c_int {
    flush(file, || system!(SYS_fdatasync, file))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: a path that the C library would have read as well.
    let name = unsafe { CStr::from_ptr(path) }.to_bytes();
    if let Verdict::Fail(number) = watch::ask_name(name, Call::Remove) {
        return small(fail(number));
    }
    let done = small(system!(SYS_unlinkat, libc::AT_FDCWD, path, 0));
    if done == 0 {
        watch::removed(name);
    }
    done
}

#[unsafe(no_mangle)]
unsafe extern "C" fn linkat(
    from_folder: c_int,
    from: *const c_char,
    to_folder: c_int,
    to: *const c_char,
    flags: c_int,
) -> c_int {
    // SAFETY: paths that the C library would have read as well.
    let names = unsafe { [CStr::from_ptr(from).to_bytes(), CStr::from_ptr(to).to_bytes()] };
    if let Verdict::Fail(number) = watch::ask_name(names[0], Call::Link) {
        return small(fail(number));
    }
    let done = small(system!(SYS_linkat, from_folder, from, to_folder, to, flags));
    if done == 0 {
        watch::linked(names[0], names[1]);
    }
    done
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fcntl(file: c_int, command: c_int, argument: usize) -> c_int {
    control(file, command, argument)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fcntl64(file: c_int, command: c_int, argument: usize) -> c_int {
    control(file, command, argument)
}

/// SQLite's locks are those of a process, the ledger's those of an open file.
fn control(file: c_int, command: c_int, argument: usize) -> c_int {
    let Some(lock) = lock_of(command, argument) else {
        return small(system!(SYS_fcntl, file, command, argument));
    };
    // Nobody is in the way of giving a lock back, or of letting others in.
    let is_taken = c_int::from(lock.l_type) != libc::F_UNLCK && !watch::is_alone(file, &lock);
    if is_taken && let Verdict::Fail(number) = watch::ask(file, Call::Lock) {
        return small(fail(number));
    }
    let done = small(system!(SYS_fcntl, file, command, argument));
    if done == 0 {
        watch::locked(file, &lock);
    }
    done
}

/// The lock that a command takes or gives back.
fn lock_of(command: c_int, argument: usize) -> Option<libc::flock> {
    let commands = [libc::F_SETLK, libc::F_SETLKW, libc::F_OFD_SETLK, libc::F_OFD_SETLKW];
    let lock = std::ptr::with_exposed_provenance::<libc::flock>(argument);
    // SAFETY: these commands have a pointer to such a lock.
    commands.contains(&command).then(|| unsafe { lock.as_ref() }.copied())?
}

#[unsafe(no_mangle)]
unsafe extern "C" fn flock(file: c_int, what: c_int) -> c_int {
    if what & libc::LOCK_UN == 0
        && let Verdict::Fail(number) = watch::ask(file, Call::Lock)
    {
        return small(fail(number));
    }
    small(system!(SYS_flock, file, what))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fallocate(file: c_int, mode: c_int, from: off_t, length: off_t) -> c_int {
    match watch::ask(file, Call::Room) {
        Verdict::Fail(number) => small(fail(number)),
        _ => small(system!(SYS_fallocate, file, mode, from, length)),
    }
}

/// Whoever watches a folder does not wait: whoever is busy stays so.
#[unsafe(no_mangle)]
unsafe extern "C" fn nanosleep(time: *const libc::timespec, left: *mut libc::timespec) -> c_int {
    if watch::is_watcher() { 0 } else { small(system!(SYS_nanosleep, time, left)) }
}
