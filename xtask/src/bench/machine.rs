//! What the kernel knows: processors, and what a process has used of them and of memory (proc(5)).

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Lets the calling thread, and what it starts from now on, run on this processor only.
pub fn pin(core: usize) -> Result<()> {
    ensure!(
        CpuSet::MAX_CPU > core && std::fs::exists(format!("/sys/devices/system/cpu/cpu{core}"))?,
        "there is no processor {core}: the server and the load need one each"
    );
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).with_context(|| format!("cannot run on processor {core}"))?;
    Ok(())
}

/// Runs `start` with the calling thread on `core`, so that what it starts stays there, and comes back.
pub fn on<T>(core: usize, start: impl FnOnce() -> Result<T>) -> Result<T> {
    let here = sched_getaffinity(None)?;
    pin(core)?;
    let outcome = start();
    sched_setaffinity(None, &here)?;
    outcome
}

/// The processor time of a process, all its threads.
#[derive(Debug, Clone, Copy, Default)]
pub struct CpuTime {
    /// In the program.
    pub user: Duration,
    /// In the kernel for it.
    pub system: Duration,
}

impl CpuTime {
    /// What process `pid` has used so far.
    pub fn of(pid: u32) -> Result<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("the process is gone")?;
        // The second field is the program's name in parentheses, which may hold anything.
        let (_, rest) = text.rsplit_once(')').context("/proc/PID/stat")?;
        let mut fields = rest.split_whitespace().skip(11);
        let mut next = || -> Result<Duration> {
            let ticks: f64 = fields.next().context("/proc/PID/stat")?.parse()?;
            let second = rustix::param::clock_ticks_per_second();
            Ok(Duration::from_secs_f64(ticks / f64::from(u32::try_from(second)?)))
        };
        Ok(Self {
            user: next()?,
            system: next()?,
        })
    }

    /// What was used since `earlier`.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
        }
    }

    /// Both.
    pub fn total(self) -> Duration {
        self.user + self.system
    }
}

/// The resident memory of a process, in bytes.
pub fn resident(pid: u32) -> Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).context("the process is gone")?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("VmRSS")?;
    let kilobytes: u64 = line.trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024)
}

/// Bytes in millions.
pub fn megabytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX)) * 1024.0 / 1e6
}

/// The machine in words: processor, how many, kernel.
pub fn describe() -> Result<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = text
        .lines()
        .find_map(|line| Some(line.strip_prefix("model name")?.split_once(':')?.1.trim()));
    let count = text.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    Ok(format!(
        "{count} × {}, Linux {}",
        model.unwrap_or("processor of unknown make"),
        kernel.trim()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_of_this_process_is_seen_in_its_processor_time_and_memory() {
        let pid = std::process::id();
        let before = CpuTime::of(pid).unwrap();
        let mut sum = 0_u64;
        while CpuTime::of(pid).unwrap().since(before).total() < Duration::from_millis(50) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(resident(pid).unwrap() > 1024 * 1024);
    }
}
