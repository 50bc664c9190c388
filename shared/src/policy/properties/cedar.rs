//! The same decision, made by Cedar itself.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression as Value,
    Schema,
};

use super::situation::Situation;
use crate::policy::{Call, Decision, Denial, PolicyId, SCHEMA, Verdict};
use crate::provider::Capability;

/// What Cedar says: errors never reach a decision there.
#[derive(Debug)]
pub struct Answer {
    is_allowed: bool,
    reasons: Vec<PolicyId>,
    errors: Vec<PolicyId>,
    failed: Option<crate::policy::EvaluationError>,
}

impl Answer {
    /// What we make of it: an error denies.
    pub fn as_ours(&self) -> Verdict {
        let (decision, determining) = match (self.is_allowed, self.reasons.is_empty(), self.failed) {
            (false, false, _) => (Decision::Deny(Denial::Forbidden), self.reasons.clone()),
            (_, _, Some(error)) => (Decision::Deny(Denial::Failed(error)), self.errors.clone()),
            (true, _, None) => (Decision::Allow, self.reasons.clone()),
            (false, true, None) => (Decision::Deny(Denial::NotPermitted), vec![]),
        };
        Verdict {
            decision,
            determining,
            others: 0,
        }
    }
}

pub fn decide(texts: &[String], situation: &Situation) -> Answer {
    let policies = texts.iter().enumerate().map(|(number, text)| {
        let parsed = cedar_policy::Policy::parse(None, text).unwrap();
        let id = parsed.annotation("id").unwrap_or(&number.to_string()).to_owned();
        parsed.new_id(cedar_policy::PolicyId::new(id))
    });
    let policies = PolicySet::from_policies(policies).unwrap();
    let (request, entities) = situation.with_call(|call| (request(call), entities(call)));
    let response = Authorizer::new().is_authorized(&request, &policies, &entities);
    let in_order = |ids: HashSet<&cedar_policy::PolicyId>| {
        let names = texts.iter().filter_map(|text| text.split('"').nth(1));
        names
            .filter(|name| ids.contains(&cedar_policy::PolicyId::new(name)))
            .map(PolicyId::from)
            .collect::<Vec<_>>()
    };
    let diagnostics = response.diagnostics();
    let errors = diagnostics.errors().map(|error| match error {
        cedar_policy::AuthorizationError::PolicyEvaluationError(error) => error,
    });
    let errors: Vec<_> = errors.collect();
    let error_ids = in_order(errors.iter().map(|error| error.policy_id()).collect());
    let first = error_ids.first().and_then(|id| {
        let mut errors = errors.iter();
        errors.find(|error| AsRef::<str>::as_ref(error.policy_id()) == id.as_str())
    });
    Answer {
        is_allowed: response.decision() == cedar_policy::Decision::Allow,
        reasons: in_order(diagnostics.reason().collect()),
        failed: first.map(|error| super::situation::cause(error.inner())),
        errors: error_ids,
    }
}

fn uid(entity_type: &str, name: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(entity_type.parse().unwrap(), cedar_policy::EntityId::new(name))
}

fn text(text: &str) -> Value {
    Value::new_string(text.to_owned())
}

fn entity(
    uid: EntityUid,
    attributes: Vec<(&str, Value)>,
    tags: HashMap<String, Value>,
    parents: Vec<EntityUid>,
) -> Entity {
    let attributes = attributes
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    Entity::new_with_tags(uid, attributes, parents, tags).unwrap()
}

fn entities(call: &Call<'_>) -> Entities {
    let principal = call.principal;
    let workspace = principal.workspace.map(|name| uid("Workspace", name));
    let tenant = principal.tenant.map(|name| uid("Tenant", name));
    let provider = call.target.provider;
    let target = call.target;
    let mut entities = vec![
        entity(
            uid("Agent", principal.agent),
            vec![
                ("name", text(principal.agent)),
                ("workspace", text(principal.workspace.unwrap_or_default())),
                ("tenant", text(principal.tenant.unwrap_or_default())),
            ],
            principal
                .attributes
                .iter()
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
            workspace.iter().cloned().collect(),
        ),
        entity(
            uid("Provider", provider.name.as_str()),
            vec![
                ("name", text(provider.name.as_str())),
                ("kind", text(provider.kind.as_str())),
                ("region", text(provider.region.as_deref().unwrap_or_default())),
            ],
            HashMap::new(),
            vec![],
        ),
        entity(
            uid("Target", "this"),
            vec![
                ("model", text(target.model)),
                ("logical_model", text(target.logical_model)),
                ("pool", text(target.pool)),
                (
                    "provider",
                    Value::new_entity_uid(uid("Provider", provider.name.as_str())),
                ),
                (
                    "capabilities",
                    Value::new_set(target.capabilities.iter().map(|one| text(one.as_str()))),
                ),
            ],
            HashMap::new(),
            vec![
                uid("Model", target.logical_model),
                uid("Pool", target.pool),
                uid("Provider", provider.name.as_str()),
            ],
        ),
    ];
    if let Some(workspace) = workspace {
        entities.push(entity(
            workspace,
            vec![],
            HashMap::new(),
            tenant.into_iter().collect(),
        ));
    }
    let schema = Schema::from_str(SCHEMA).unwrap();
    Entities::from_entities(entities, Some(&schema)).unwrap()
}

fn request(call: &Call<'_>) -> Request {
    let schema = Schema::from_str(SCHEMA).unwrap();
    let context = call.context;
    let seconds = context.now.0 / 1_000_000_000;
    let millis = context.now.0 / 1_000_000 % 1_000;
    let long = |number: u64| Value::new_long(i64::try_from(number).unwrap());
    let needs = |capability| Value::new_bool(context.needs.has(capability));
    // Another way to the day of the week than ours.
    let days = seconds / 86_400;
    let weekday = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][usize::try_from((days + 3) % 7).unwrap()];
    let now = format!("1970-01-01T00:00:00.{millis:03}Z");
    let now = Value::from_str(&format!("datetime(\"{now}\").offset(duration(\"{seconds}s\"))")).unwrap();
    let mut pairs = vec![
        ("classification", text(context.classification)),
        ("step", text(context.step)),
        ("purpose", text(context.purpose)),
        ("tier", text(context.tier)),
        ("region", text(context.region)),
        ("estimated_tokens", long(context.estimated_tokens.0)),
        ("stream", needs(Capability::Streaming)),
        ("tools", needs(Capability::Tools)),
        ("images", needs(Capability::Vision)),
        ("json", needs(Capability::Json)),
        ("now", now),
        ("hour", long(seconds / 3_600 % 24)),
        ("minute", long(seconds / 60 % 60)),
        ("weekday", text(weekday)),
    ];
    if let Some(left) = context.budget_left {
        pairs.push(("budget_left_usd", long(left.0 / 1_000_000)));
    }
    let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value));
    Request::new(
        uid("Agent", call.principal.agent),
        uid("Action", call.action.as_str()),
        uid("Target", "this"),
        Context::from_pairs(pairs).unwrap(),
        Some(&schema),
    )
    .unwrap()
}
