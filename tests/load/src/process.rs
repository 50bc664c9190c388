//! Which process listens at an address, and how much CPU time it has used. Linux only: both come from `/proc`.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// State of a listening socket in `/proc/net/tcp`.
const LISTEN: &str = "0A";

/// A process whose CPU clock we may read.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    directory: PathBuf,
}

impl Process {
    /// Nanoseconds on a CPU, summed over its living threads: finer than the ticks of `/proc/PID/stat`.
    pub(crate) fn cpu_time(&self) -> Result<Duration> {
        let threads = fs::read_dir(self.directory.join("task"));
        let mut total = Duration::ZERO;
        for thread in threads.context("the measured process has ended")? {
            let path = thread?.path().join("schedstat");
            let Ok(text) = fs::read_to_string(&path) else {
                continue; // a thread that ended meanwhile
            };
            let nanoseconds: u64 = text
                .split_whitespace()
                .next()
                .and_then(|first| first.parse().ok())
                .with_context(|| format!("this kernel keeps no CPU time in {}", path.display()))?;
            total += Duration::from_nanos(nanoseconds);
        }
        Ok(total)
    }
}

/// The process with a listening socket at this address.
pub(crate) fn listening_at(address: SocketAddr) -> Result<Process> {
    let table = fs::read_to_string("/proc/net/tcp").context("no /proc: this needs Linux")?;
    let sockets = listening_sockets(&table, address.port());
    if sockets.is_empty() {
        bail!("nothing listens at {address}");
    }
    for entry in fs::read_dir("/proc")? {
        let directory = entry?.path();
        if holds_one_of(&directory, &sockets) {
            return Ok(Process { directory });
        }
    }
    bail!("the process that listens at {address} belongs to someone else")
}

fn listening_sockets(table: &str, port: u16) -> Vec<String> {
    let wanted = format!(":{port:04X}");
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut fields = line.split_whitespace().skip(1);
            let local = fields.next()?;
            let state = fields.nth(1)?;
            let inode = fields.nth(5)?;
            (local.ends_with(&wanted) && state == LISTEN).then(|| format!("socket:[{inode}]"))
        })
        .collect()
}

fn holds_one_of(process: &Path, sockets: &[String]) -> bool {
    // Other users' processes cannot be read, and are not ours to measure.
    let Ok(entries) = fs::read_dir(process.join("fd")) else {
        return false;
    };
    entries
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .any(|link| sockets.iter().any(|socket| link.as_os_str() == socket.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listening_line_gives_its_socket() {
        let table = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2710 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
   1: 0100007F:2710 0100007F:C000 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 20 4 30 10 -1
";
        assert_eq!(listening_sockets(table, 10_000), ["socket:[4711]"]);
        assert!(listening_sockets(table, 80).is_empty());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_found_and_has_used_time() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let process = listening_at(listener.local_addr().unwrap()).unwrap();
        assert!(process.cpu_time().unwrap() > Duration::ZERO);
    }
}
