//! One simulated provider account: its name, its port, what it does next and what it received.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hyper::http::request::Parts;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::bedrock::Operation;
use crate::bedrock::signature::{self, SigningKeys};
use crate::behaviour::Behaviour;
use crate::endpoints::own::Own;
use crate::endpoints::{self, Endpoint, Served};
use crate::plan::{Call, Outcome};
use crate::record::ReceivedRequest;
use crate::request::{Asked, Dialect};
use crate::server;
use crate::stored::{About, Found, Kept};
use crate::vendor::Vendor;

/// A simulated provider account on a port of its own. It ends when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    pub(crate) account: Arc<Account>,
    address: SocketAddr,
    listening: Mutex<Option<JoinHandle<()>>>,
}

/// Whether an account keeps what it receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    /// Every call, with its body.
    On,
    /// Only their number: for the benchmark.
    Off,
}

impl Simulator {
    /// Starts an account on a free port of the loopback interface.
    ///
    /// # Panics
    /// If there is no port to listen on: a test cannot go on without it.
    #[expect(
        clippy::expect_used,
        reason = "for tests, which end here anyway; `bind` returns the error"
    )]
    pub async fn start(name: &str) -> Self {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::bind(name, loopback, Recording::On)
            .await
            .expect("a free port on the loopback interface")
    }

    /// Starts an account with the manners of this vendor.
    pub async fn start_as(vendor: Vendor, name: &str) -> Self {
        let simulator = Self::start(name).await;
        simulator.account.state().vendor = vendor;
        simulator
    }

    /// Starts an account on this address.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn bind(name: &str, address: SocketAddr, recording: Recording) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let account = Arc::new(Account::new(name, recording));
        let task = tokio::spawn(server::accept(listener, Arc::clone(&account)));
        Ok(Self {
            account,
            address,
            listening: Mutex::new(Some(task)),
        })
    }

    /// The name of the account.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.account.name
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://address`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What calls meet from now on, when nothing is queued.
    pub fn behave(&self, behaviour: impl Into<Behaviour>) {
        self.account.state().default = Arc::new(behaviour.into());
    }

    /// Whose manners the account has from now on.
    pub fn behave_as(&self, vendor: Vendor) {
        self.account.state().vendor = vendor;
    }

    /// Queues behaviours, one per call, which come before the default.
    pub fn then(&self, behaviours: Vec<Behaviour>) {
        self.account
            .state()
            .queue
            .extend(behaviours.into_iter().map(Arc::new));
    }

    /// Answers 401 to calls that do not carry exactly this header. For `authorization` name the whole value.
    pub fn require(&self, header: &str, value: &str) {
        self.account.state().required = Some((header.to_owned(), value.to_owned()));
    }

    /// Answers 403 to calls that are not signed with these keys of AWS.
    pub fn require_signature(&self, keys: SigningKeys) {
        self.account.state().signing = Some(keys);
    }

    /// All calls since the start or the last [`clear`](Self::clear), in the order of their arrival.
    #[must_use]
    pub fn received(&self) -> Vec<ReceivedRequest> {
        self.account.state().received.clone()
    }

    /// How many calls there were since the start or the last [`clear`](Self::clear).
    #[must_use]
    pub fn count(&self) -> usize {
        *self.account.count.borrow()
    }

    /// Forgets what was received. Queued behaviours stay.
    pub fn clear(&self) {
        self.account.clear();
    }

    /// Waits until `n` calls were received and gives all of them.
    ///
    /// It waits without an end: bound it with a timeout, as the tests' harness does.
    pub async fn wait_for(&self, n: usize) -> Vec<ReceivedRequest> {
        let mut count = self.account.count.subscribe();
        // The sender lives in `self`, so this cannot end early.
        if count.wait_for(|count| *count >= n).await.is_err() {
            return Vec::new();
        }
        self.received()
    }

    /// Closes the port and all connections: from now on connecting fails. Nothing else is forgotten.
    pub async fn stop(&self) {
        let task = self
            .listening
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task {
            task.abort();
            // The listener is closed when the task has ended, and a cancelled task ends with an error.
            if task.await.is_err() {}
        }
    }

    /// Listens again, on the same address, after [`stop`](Self::stop).
    ///
    /// # Errors
    /// If the address is taken by now.
    pub async fn resume(&self) -> io::Result<()> {
        let listener = TcpListener::bind(self.address).await?;
        let task = tokio::spawn(server::accept(listener, Arc::clone(&self.account)));
        self.listening
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(task);
        Ok(())
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Some(task) = self
            .listening
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            task.abort();
        }
    }
}

/// What the connections of an account share.
#[derive(Debug)]
pub(crate) struct Account {
    name: String,
    recording: Recording,
    pub(crate) started: Instant,
    serial: AtomicU64,
    state: Mutex<State>,
    count: watch::Sender<usize>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) vendor: Vendor,
    pub(crate) default: Arc<Behaviour>,
    pub(crate) queue: VecDeque<Arc<Behaviour>>,
    pub(crate) required: Option<(String, String)>,
    pub(crate) signing: Option<SigningKeys>,
    pub(crate) received: Vec<ReceivedRequest>,
    pub(crate) health: Option<u16>,
    pub(crate) checks: Vec<ReceivedRequest>,
    kept: Kept,
}

impl Account {
    fn new(name: &str, recording: Recording) -> Self {
        Self {
            name: name.to_owned(),
            recording,
            started: Instant::now(),
            serial: AtomicU64::new(0),
            state: Mutex::default(),
            count: watch::Sender::new(0),
        }
    }

    /// Takes a call in and says what becomes of it.
    pub(crate) fn take(&self, parts: &Parts, body: &Bytes) -> Outcome {
        let vendor = self.state().vendor;
        let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
        let dialect = Dialect::of_path(path)
            .filter(|dialect| vendor.serves(*dialect))
            .filter(|_| vendor.knows(&parts.uri));
        let aws = Operation::of(parts).filter(|_| vendor == Vendor::Bedrock);
        let dialect = dialect.or(aws.as_ref().map(|_| Dialect::Anthropic));
        let asked = match &aws {
            Some(operation) => Some(operation.read(&parts.headers, body)),
            None => dialect
                .filter(|_| parts.method == "POST")
                .map(|dialect| Asked::of(vendor, dialect, path, &parts.headers, body)),
        };
        let endpoint = Endpoint::of(parts).filter(|endpoint| vendor.serves(endpoint.dialect));
        let own = Own::of(vendor, parts);
        let about = About::of(vendor, parts);
        let serial = self.serial.fetch_add(1, Ordering::Relaxed) + 1;
        let call = Call {
            account: &self.name,
            serial,
            dialect: own
                .as_ref()
                .map(Own::dialect)
                .or(dialect)
                .or(about.as_ref().map(|_| Dialect::Responses))
                .or(endpoint.map(|endpoint| endpoint.dialect)),
            vendor,
            asked: asked.as_ref(),
            is_bedrock: vendor == Vendor::Bedrock,
            aws: aws.as_ref(),
        };

        let mut state = self.state();
        let admitted = state.required.as_ref().is_none_or(|(name, value)| {
            parts
                .headers
                .get(name)
                .is_some_and(|own| own.as_bytes() == value.as_bytes())
        });
        let signed = state
            .signing
            .as_ref()
            .map(|keys| signature::check(keys, parts, body));
        let unsigned = signed.and_then(Result::err);
        let behaviour = (admitted && unsigned.is_none()).then(|| {
            state
                .queue
                .pop_front()
                .unwrap_or_else(|| Arc::clone(&state.default))
        });
        if self.recording == Recording::On {
            let usage = behaviour.as_ref().and_then(|behaviour| call.usage(behaviour));
            state.received.push(received(parts, body, self.started, usage));
        }
        let kept = match (behaviour.as_deref(), &about) {
            (Some(Behaviour::Answer(_)), Some(about)) => Some(state.kept.serve(about)),
            (Some(behaviour @ Behaviour::Answer(_)), None) => {
                let previous = asked.as_ref().and_then(|asked| asked.as_ref().ok());
                let previous = previous.and_then(|asked| asked.previous.as_deref());
                let refusal = state.kept.refusal(previous);
                if let (None, Some(response)) = (&refusal, call.stored(behaviour)) {
                    state.kept.keep(response, body);
                }
                refusal.map(|refusal| Err(Box::new(refusal)))
            }
            _ => None,
        };
        drop(state);
        self.count.send_modify(|count| *count += 1);

        match kept {
            Some(Ok(Found::Whole(found))) => {
                let body = found.to_string().into_bytes();
                return endpoints::respond(&call, Ok(Served("application/json", vec![body])));
            }
            Some(Ok(Found::Stream(event))) => {
                let event = format!("event: response.completed\ndata: {event}\n\n").into_bytes();
                return endpoints::respond(&call, Ok(Served("text/event-stream", vec![event])));
            }
            Some(Err(error)) => return Outcome::Respond(call.failure(&error)),
            None => {}
        }
        if let (Some(Behaviour::Answer(_)), Some(own)) = (behaviour.as_deref(), &own) {
            return own.answer(&call, parts, body);
        }
        match (behaviour, endpoint) {
            (Some(behaviour), Some(endpoint)) if matches!(*behaviour, Behaviour::Answer(_)) => {
                endpoint.answer(&call, vendor, parts, body)
            }
            (Some(behaviour), _) => call.plan(&behaviour),
            (None, _) if vendor == Vendor::Bedrock => {
                let why = unsigned.unwrap_or_else(|| "Authentication failed".to_owned());
                Outcome::Respond(call.refusal(403, &why))
            }
            (None, _) => Outcome::Respond(call.refusal(401, "Incorrect API key provided")),
        }
    }

    pub(crate) fn count(&self) -> usize {
        *self.count.borrow()
    }

    pub(crate) fn clear(&self) {
        self.state().received.clear();
        self.count.send_replace(0);
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn received(
    parts: &Parts,
    body: &Bytes,
    started: Instant,
    usage: Option<crate::usage::Usage>,
) -> ReceivedRequest {
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
    ReceivedRequest {
        method: parts.method.to_string(),
        path: parts.uri.to_string(),
        headers: headers.collect(),
        body: body.clone(),
        at: started.elapsed(),
        usage,
    }
}
