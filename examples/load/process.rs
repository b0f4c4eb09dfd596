//! Servers in processes of their own: started, watched through /proc, and ended.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Result;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// A clock tick of /proc in microseconds: 100 a second on every Linux there is.
const TICK: u64 = 10_000;

/// A running server. It ends when dropped.
pub struct Server {
    pub address: SocketAddr,
    child: Child,
}

impl Server {
    /// Starts a program that accepts connections on `address` once it is ready.
    pub fn start(command: &mut Command, address: SocketAddr) -> Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut server = Self { address, child };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            if let Some(status) = server.child.try_wait()? {
                return Err(format!("{command:?} ended with {status}").into());
            }
            if Instant::now() > deadline {
                return Err(format!("{command:?} does not accept connections").into());
            }
            sleep(Duration::from_micros(500));
        }
        Ok(server)
    }

    /// Starts davgroups over a store, with some keys of its configuration.
    pub fn davgroups(program: &Path, data_dir: &Path, keys: &[(&str, &str)]) -> Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(program);
        command.arg("serve").env("DAVGROUPS_DATA_DIR", data_dir).env("DAVGROUPS_LISTEN", address.to_string());
        command.env("DAVGROUPS_LOG_LEVEL", "warn").env("DAVGROUPS_ADMIN_PASSWORD", crate::seed::PASSWORD);
        command.envs(keys.iter().copied());
        Self::start(&mut command, address)
    }

    /// Starts this program in another role; it prints where it is.
    pub fn role(arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        Ok(Self { address: line.trim().parse()?, child })
    }

    /// Processor time used so far by the process and its children, in microseconds.
    pub fn cpu_microseconds(&self) -> u64 {
        family(self.child.id()).into_iter().filter_map(ticks).sum::<u64>() * TICK
    }

    /// Memory in use, in bytes.
    pub fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most memory that was in use since [`Self::forget_peak`], in bytes.
    pub fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// Starts measuring the peak anew.
    pub fn forget_peak(&self) -> Result<()> {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }

    fn status(&self, key: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGTERM, so that a master takes its workers along. Failing means that it is gone.
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}

/// A port on this machine that nobody listens on.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// A process and those it started.
fn family(pid: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|child| child.parse().ok());
    std::iter::once(pid).chain(children.flat_map(family)).collect()
}

/// User and system time of a process.
fn ticks(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}
