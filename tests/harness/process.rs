//! Starting and ending the broker's process.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A process whose output is collected, and which ends with this value.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stdout: Output,
    stderr: Output,
}

/// Lines as they come, read by a thread of their own.
#[derive(Clone, Debug, Default)]
struct Output(Arc<Mutex<String>>);

impl Process {
    /// Starts it.
    pub fn start(mut command: Command) -> Self {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let program = command.get_program().to_owned();
        let mut child =
            spawn(command).unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
        let stdout = Output::collect(child.stdout.take().expect("a piped stdout"));
        let stderr = Output::collect(child.stderr.take().expect("a piped stderr"));
        Self {
            child,
            stdout,
            stderr,
        }
    }

    /// What it wrote to stdout.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// What it wrote to stderr.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// How it ended, if it has.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the state of a child")
    }

    /// Asks it to end, and ends it if it does not within five seconds.
    pub fn end(&mut self) {
        if self.exited().is_some() {
            return;
        }
        // A process that is gone by now needs no signal.
        let asked = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let started = Instant::now();
        while asked.is_ok() && started.elapsed() < Duration::from_secs(5) {
            if self.exited().is_some() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        self.child.kill().expect("ending a child");
        self.child.wait().expect("the end of a child");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

impl Output {
    fn collect(source: impl Read + Send + 'static) -> Self {
        let output = Self::default();
        let sink = output.clone();
        thread::spawn(move || {
            let mut source = BufReader::new(source);
            let mut line = Vec::new();
            while source.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                sink.0
                    .lock()
                    .expect("the output")
                    .push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        output
    }

    fn text(&self) -> String {
        self.0.lock().expect("the output").clone()
    }
}

type Job = (Command, mpsc::Sender<std::io::Result<Child>>);

/// Starts a process from a thread that lives as long as the tests do: Envoy ends with the *thread* that started it, and
/// the threads of tests end with their test.
fn spawn(command: Command) -> std::io::Result<Child> {
    static SPAWNER: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, jobs) = mpsc::channel::<Job>();
        thread::spawn(move || {
            for (mut command, reply) in jobs {
                reply
                    .send(command.spawn())
                    .expect("someone who waits for the process");
            }
        });
        sender
    });
    let (reply, result) = mpsc::channel();
    spawner
        .send((command, reply))
        .expect("the thread that starts processes");
    result.recv().expect("the thread that starts processes")
}
