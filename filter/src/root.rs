//! The plugin's configuration: which role, and for the role `broker` the whole document. One that does not hold is
//! refused, and Envoy goes on with the one before.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;
use serde_json::Value;
use shared::config::{self, Audience, Snapshot};
use shared::egress;
use shared::fleet::UNAVAILABLE;
use shared::limits::SERVICE_TELLING_TIME;

use crate::broker::BrokerContext;
use crate::egress::EgressContext;
use crate::status::StatusContext;
use crate::{alerts, host, statistics, status, store, telemetry};

/// One plugin on one worker.
#[derive(Default)]
pub struct Root {
    role: Option<Role>,
    /// How often the timer went off.
    ticks: u32,
}

enum Role {
    Broker {
        snapshot: Arc<Snapshot>,
        random: Rc<RefCell<fastrand::Rng>>,
    },
    Egress(Rc<egress::Config>),
    Status,
}

impl Context for Root {
    fn on_http_call_response(&mut self, _token: u32, _headers: usize, _body: usize, _trailers: usize) {
        alerts::conclude();
    }

    fn on_grpc_call_response(&mut self, _token: u32, status: u32, length: usize) {
        let answer = host::service_answer(status, length);
        let told = answer.as_deref().map_err(|status| *status);
        store::worker().pending.told(told, host::now());
    }
}

impl Root {
    /// Tells the rate limit service what calls used that are over.
    fn tell_service(&self) {
        let Some(Role::Broker { snapshot, .. }) = &self.role else {
            return;
        };
        let Some(service) = &snapshot.rate_limit_service else {
            return;
        };
        let (worker, now) = (store::worker(), host::now());
        if let Some(message) = worker.pending.tell(service, now)
            && !host::ask_service(service, &message, SERVICE_TELLING_TIME)
        {
            worker.pending.told(Err(UNAVAILABLE), now);
        }
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let bytes = self.get_plugin_configuration().unwrap_or_default();
        match role(&bytes) {
            Ok(role) => {
                if matches!(role, Role::Broker { .. }) {
                    self.set_tick_period(telemetry::PERIOD);
                }
                self.role = Some(role);
                true
            }
            Err(problem) => {
                log::error!("the configuration is refused:\n{problem}");
                false
            }
        }
    }

    fn on_tick(&mut self) {
        if let Some(Role::Broker { snapshot, .. }) = &self.role {
            alerts::flush(snapshot.webhook.as_ref());
        }
        telemetry::flush();
        self.tell_service();
        self.ticks = self.ticks.wrapping_add(1);
        if self.ticks.is_multiple_of(statistics::TICKS) {
            statistics::flush();
        }
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        match self.role.as_ref()? {
            Role::Broker { snapshot, random } => {
                let random = random.borrow_mut().u64(..);
                Some(Box::new(BrokerContext::new(
                    id,
                    snapshot.clone(),
                    host::now(),
                    random,
                )))
            }
            Role::Egress(config) => Some(Box::new(EgressContext::new(config.clone()))),
            Role::Status => Some(Box::new(StatusContext)),
        }
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

fn role(bytes: &[u8]) -> Result<Role, String> {
    let document: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if let Some(value) = document.get("egress") {
        let config =
            egress::Config::read(value).ok_or("`egress` needs `provider`, `scheme` and `authority`")?;
        return Ok(Role::Egress(Rc::new(config)));
    }
    if document.get("status").is_some() {
        return Ok(Role::Status);
    }
    let loaded = config::load(&document, Audience::Filter).map_err(|mistakes| mistakes.to_string())?;
    log::info!("configuration {} is in force", loaded.snapshot.version);
    store::prepare(&loaded.snapshot, host::now());
    status::note(loaded.snapshot.clone());
    let random = Rc::new(RefCell::new(fastrand::Rng::new()));
    Ok(Role::Broker {
        snapshot: loaded.snapshot,
        random,
    })
}
