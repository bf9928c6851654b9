//! Whether the program that answers at a port can be the one that was started for it.
//!
//! ```text
//! /proc/net/tcp   local_address   st   inode
//!                 0100007F:46CB   0A   815324      127.0.0.1:18123, listening
//! /proc/PID/fd/7 → socket:[815324]                 held by PID
//! /proc/PID/stat   field 22                        when PID was started, in clock ticks since boot
//! ```
//!
//! All that a server's command starts is started after it, so a socket that only older processes
//! hold is a stranger's. Nothing is asked of the others: a server may run in a container, under
//! another user or in a session of its own, where who holds its socket is somebody else, or cannot
//! be read at all. Layouts are those of proc(5).

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

/// What `/proc/net/tcp` calls a socket that listens.
const LISTENING: &str = "0A";

/// A program that had a port before the server that was to have it was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// Its process.
    pub pid: u32,
    /// What the kernel calls it, 15 characters at most.
    pub program: String,
}

/// A socket that listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Listening {
    address: IpAddr,
    inode: u64,
}

/// Who answers at `port` of 127.0.0.1, where it was started before the process `leader`.
///
/// `None` where it was not, and where that is not known.
#[must_use]
pub fn stranger_at(port: u16, leader: u32) -> Option<Stranger> {
    let sockets = answering(&listening(port));
    let own = sockets_of(leader);
    let foreign = sockets.difference(&own);
    let foreign: Vec<u64> = foreign.copied().collect();
    if foreign.is_empty() {
        return None;
    }
    let started = started(leader)?;
    let holders: Vec<(u32, BTreeSet<u64>)> = processes()
        .into_iter()
        .map(|pid| (pid, sockets_of(pid)))
        .collect();
    foreign.into_iter().find_map(|socket| {
        let mut holders = holders
            .iter()
            .filter(|(_, sockets)| sockets.contains(&socket))
            .map(|(pid, _)| *pid);
        let first = holders.next()?;
        let is_older = |pid| self::started(pid).is_some_and(|theirs| theirs < started);
        if !is_older(first) || !holders.all(is_older) {
            return None;
        }
        let program = fs::read_to_string(format!("/proc/{first}/comm")).ok()?;
        Some(Stranger {
            pid: first,
            program: program.trim_end().to_owned(),
        })
    })
}

/// The sockets that listen at `port`, on whatever address.
fn listening(port: u16) -> Vec<Listening> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let texts = tables.map(|path| fs::read_to_string(path).unwrap_or_default());
    let lines = texts.iter().flat_map(|text| text.lines());
    lines
        .filter_map(parse)
        .filter(|(_, of)| *of == port)
        .map(|(socket, _)| socket)
        .collect()
}

/// Those of them that the kernel gives a connection to 127.0.0.1: the one with the closest address.
fn answering(sockets: &[Listening]) -> BTreeSet<u64> {
    let at = |address: IpAddr| -> BTreeSet<u64> {
        let matching = sockets.iter().filter(|socket| socket.address == address);
        matching.map(|socket| socket.inode).collect()
    };
    [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    ]
    .map(at)
    .into_iter()
    .find(|found| !found.is_empty())
    .unwrap_or_default()
}

/// A line of the table, if its socket listens, with the port.
fn parse(line: &str) -> Option<(Listening, u16)> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    if *words.get(3)? != LISTENING {
        return None;
    }
    let (address, port) = words.get(1)?.split_once(':')?;
    let socket = Listening {
        address: parse_address(address)?,
        inode: words.get(9)?.parse().ok()?,
    };
    Some((socket, u16::from_str_radix(port, 16).ok()?))
}

/// Eight digits, or four times eight: the words of the address as the machine's own numbers.
fn parse_address(digits: &str) -> Option<IpAddr> {
    let word = |at: usize| -> Option<[u8; 4]> {
        let word = digits.get(8 * at..8 * (at + 1))?;
        Some(u32::from_str_radix(word, 16).ok()?.to_ne_bytes())
    };
    let address = match digits.len() {
        8 => IpAddr::from(word(0)?),
        32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?];
            IpAddr::from(<[u8; 16]>::try_from(words.concat()).ok()?)
        }
        _ => return None,
    };
    Some(address.to_canonical())
}

/// The numbers of all processes.
fn processes() -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// The sockets that a process holds; none where that cannot be read.
fn sockets_of(pid: u32) -> BTreeSet<u64> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten();
    let targets = entries
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok());
    targets.filter_map(|target| socket(&target)).collect()
}

/// `socket:[815324]`.
fn socket(target: &Path) -> Option<u64> {
    let inode = target.to_str()?.strip_prefix("socket:[")?;
    inode.strip_suffix(']')?.parse().ok()
}

/// When a process was started, in clock ticks since boot.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is a name in brackets, which may hold any character.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_ascii_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;
    use std::time::Duration;

    use tempfile::TempDir;

    use super::super::{Child, Launch};
    use super::*;

    /// A process that is younger than this one by more than a clock tick.
    fn younger(folder: &TempDir) -> Child {
        thread::sleep(Duration::from_millis(30));
        let sleep = Launch::new(&["sleep", "60"]).unwrap();
        sleep.start_logged(&folder.path().join("log")).unwrap()
    }

    #[test]
    fn who_listened_before_is_a_stranger_and_who_came_later_may_belong_to_the_server() {
        let folder = TempDir::new().unwrap();
        for address in ["127.0.0.1:0", "0.0.0.0:0", "[::]:0"] {
            // A machine may do without version 6.
            let Ok(listener) = TcpListener::bind(address) else {
                continue;
            };
            let port = listener.local_addr().unwrap().port();
            let own = std::process::id();
            let later = younger(&folder);
            let found = stranger_at(port, later.pid()).unwrap();
            assert_eq!(found.pid, own, "{address}");
            assert!(!found.program.is_empty());
            // The other way round: seen from a process that was there before the listener's.
            assert_eq!(stranger_at(port, own), None, "its own");
            assert_eq!(stranger_at(port, 1), None, "of one that it started");
            drop(listener);
            assert_eq!(stranger_at(port, later.pid()), None, "nobody listens");
        }
    }

    #[test]
    fn a_connection_goes_to_the_socket_with_the_closest_address() {
        let socket = |address: &str, inode| Listening {
            address: address.parse().unwrap(),
            inode,
        };
        let all = [
            socket("::", 1),
            socket("0.0.0.0", 2),
            socket("127.0.0.1", 3),
            socket("127.0.0.1", 4),
            socket("::1", 5),
            socket("10.0.0.1", 6),
        ];
        let without = |inodes: &[u64]| {
            let kept = all.iter().filter(|socket| !inodes.contains(&socket.inode));
            let kept: Vec<Listening> = kept.copied().collect();
            answering(&kept)
        };
        assert_eq!(without(&[]), BTreeSet::from([3, 4]));
        assert_eq!(without(&[3, 4]), BTreeSet::from([2]));
        assert_eq!(without(&[2, 3, 4]), BTreeSet::from([1]));
        assert_eq!(without(&[1, 2, 3, 4]), BTreeSet::new());
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn a_line_of_the_table_is_read() {
        let line = "   1: 0100007F:46CB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 815324 1 0";
        let socket = Listening {
            address: Ipv4Addr::LOCALHOST.into(),
            inode: 815_324,
        };
        assert_eq!(parse(line), Some((socket, 18_123)));
        let mapped = line.replacen("0100007F", "0000000000000000FFFF00000100007F", 1);
        assert_eq!(parse(&mapped), Some((socket, 18_123)));
        for other in [
            line.replacen(" 0A ", " 01 ", 1),
            line.replacen("0100007F", "0100007", 1),
            line.replacen("815324", "x", 1),
            line.chars().take(40).collect(),
            "  sl  local_address rem_address   st tx_queue".to_owned(),
        ] {
            assert_eq!(parse(&other), None, "{other}");
        }
    }
}
