//! Who listens on a port of this machine: found in `/proc`, not believed. An address on this machine says
//! nothing about where the work is done, since tunnels and proxies listen here for others.

use std::fs;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::path::Path;

/// Programs that listen for somebody else. Their own CPU time and this machine's sensors say nothing
/// about the work.
const FORWARDERS: [&str; 32] = [
    "apache2",
    "autossh",
    "caddy",
    "chisel",
    "cloudflared",
    "docker-proxy",
    "envoy",
    "frpc",
    "frps",
    "gvproxy",
    "haproxy",
    "httpd",
    "kubectl",
    "lighttpd",
    "litellm",
    "nginx",
    "ngrok",
    "pasta",
    "rinetd",
    "rootlessport",
    "slirp4netns",
    "socat",
    "squid",
    "ssh",
    "sshd",
    "sshd-session",
    "stunnel",
    "stunnel4",
    "systemd",
    "tailscaled",
    "traefik",
    "xinetd",
];

/// Where the work behind an address is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// On this machine, by this process and its children.
    Here {
        /// The process that listens.
        pid: u32,
        /// Its name.
        program: String,
    },
    /// On another machine, by its address.
    Elsewhere {
        /// As it stands in the address.
        host: String,
    },
    /// That cannot be told.
    NotKnown {
        /// Why, as a clause.
        why: String,
    },
}

impl Place {
    /// Where the server at this address does its work. Reads `/proc`, and asks for names in the network;
    /// blocks.
    #[must_use]
    pub fn find(host: &str, port: u16) -> Self {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let addresses: Vec<IpAddr> = match (bare, port).to_socket_addrs() {
            Ok(found) => found.map(|one| one.ip()).collect(),
            Err(error) => {
                return Self::NotKnown {
                    why: format!("the name {host} leads nowhere ({error})"),
                };
            }
        };
        if !addresses.iter().all(|one| is_own(*one)) {
            return Self::Elsewhere {
                host: bare.to_owned(),
            };
        }
        Self::owner(Path::new("/proc"), port)
    }

    /// The process that listens on a port of this machine.
    pub(crate) fn owner(proc: &Path, port: u16) -> Self {
        let sockets: Vec<u64> = ["net/tcp", "net/tcp6"]
            .iter()
            .filter_map(|table| fs::read_to_string(proc.join(table)).ok())
            .flat_map(|text| listening(&text, port))
            .collect();
        if sockets.is_empty() {
            return Self::NotKnown {
                why: format!("nobody listens on port {port} here"),
            };
        }
        let holders = holders(proc, &sockets);
        // Workers that share a socket are children of the one that opened it.
        let first = |pid: &u32| parent(proc, *pid).is_none_or(|above| !holders.contains(&above));
        let Some(pid) = holders.iter().copied().find(first) else {
            return Self::NotKnown {
                why: format!(
                    "the process that listens on port {port} belongs to another user or another container"
                ),
            };
        };
        let name = fs::read_to_string(proc.join(format!("{pid}/comm"))).unwrap_or_default();
        let program = name.trim().to_owned();
        match FORWARDERS.contains(&program.as_str()) || program.is_empty() {
            true => Self::NotKnown {
                why: format!(
                    "port {port} is held by {} (pid {pid}), which passes requests on",
                    match program.is_empty() {
                        true => "a process without a name",
                        false => &program,
                    }
                ),
            },
            false => Self::Here { pid, program },
        }
    }
}

/// The ports of this machine's own loopback on which somebody listens.
#[must_use]
pub fn listening_ports() -> Vec<u16> {
    let mut ports: Vec<u16> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|text| rows(&text).map(|row| row.port).collect::<Vec<_>>())
        .collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// Loopback, or an address of one of this machine's interfaces.
fn is_own(address: IpAddr) -> bool {
    let plain = match address {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    };
    if plain.is_loopback() || plain.is_unspecified() {
        return true;
    }
    // A socket can be bound to an address of this machine only.
    let any_port = 0;
    std::net::UdpSocket::bind((plain, any_port)).is_ok()
}

/// A line of the kernel's table about somebody who listens.
struct Row {
    port: u16,
    inode: u64,
}

fn rows(table: &str) -> impl Iterator<Item = Row> + '_ {
    /// The state of a socket that waits for connections.
    const LISTEN: &str = "0A";
    table.lines().skip(1).filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let local = words.nth(1)?;
        let state = words.nth(1)?;
        let inode = words.nth(5)?;
        let (_, port) = local.rsplit_once(':')?;
        (state == LISTEN).then_some(())?;
        Some(Row {
            port: u16::from_str_radix(port, 16).ok()?,
            inode: inode.parse().ok()?,
        })
    })
}

fn listening(table: &str, port: u16) -> Vec<u64> {
    let own = rows(table).filter(|row| row.port == port);
    own.map(|row| row.inode).collect()
}

/// The processes that hold one of these sockets, as far as they may be looked at.
fn holders(proc: &Path, sockets: &[u64]) -> Vec<u32> {
    let Ok(entries) = fs::read_dir(proc) else {
        return Vec::new();
    };
    let pids = entries.flatten().filter_map(|entry| {
        let name = entry.file_name();
        name.to_str()?.parse::<u32>().ok()
    });
    pids.filter(|pid| {
        let Ok(files) = fs::read_dir(proc.join(format!("{pid}/fd"))) else {
            return false;
        };
        files.flatten().any(|file| {
            let Ok(target) = fs::read_link(file.path()) else {
                return false;
            };
            let target = target.to_string_lossy();
            let inode = target
                .strip_prefix("socket:[")
                .and_then(|rest| rest.strip_suffix(']'));
            inode.is_some_and(|inode| inode.parse().is_ok_and(|inode| sockets.contains(&inode)))
        })
    })
    .collect()
}

fn parent(proc: &Path, pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(proc.join(format!("{pid}/stat"))).ok()?;
    crate::proc::field(&stat, crate::proc::PARENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_listener_of_this_process_is_found_by_its_port() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let Place::Here { pid, program } = Place::find("localhost", port) else {
            panic!("{:?}", Place::find("localhost", port));
        };
        assert_eq!(pid, std::process::id());
        assert!(!program.is_empty());
        assert!(listening_ports().contains(&port));
        drop(listener);
        assert!(matches!(
            Place::find("127.0.0.1", port),
            Place::NotKnown { .. }
        ));
    }

    #[test]
    fn an_address_of_another_machine_is_elsewhere() {
        // A documentation address, which no machine has.
        assert_eq!(
            Place::find("192.0.2.7", 8080),
            Place::Elsewhere {
                host: "192.0.2.7".into()
            }
        );
    }

    #[test]
    fn who_passes_requests_on_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let proc = folder.path();
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0\n";
        fs::create_dir_all(proc.join("net")).unwrap();
        fs::write(proc.join("net/tcp"), table).unwrap();
        let nobody = Place::owner(proc, 8080);
        assert!(matches!(&nobody, Place::NotKnown { why } if why.contains("another user")));
        for (program, here) in [
            ("ssh", false),
            ("docker-proxy", false),
            ("nginx", false),
            ("llama-server", true),
        ] {
            fs::create_dir_all(proc.join("77/fd")).unwrap();
            fs::write(proc.join("77/comm"), format!("{program}\n")).unwrap();
            let _ = fs::remove_file(proc.join("77/fd/3"));
            std::os::unix::fs::symlink("socket:[4242]", proc.join("77/fd/3")).unwrap();
            let place = Place::owner(proc, 8080);
            assert_eq!(
                matches!(place, Place::Here { pid: 77, .. }),
                here,
                "{place:?}"
            );
        }
    }
}
