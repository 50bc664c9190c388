//! Tenants and workspaces, with the regions that their calls may go to.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Named;
use crate::config::document::Document;
use crate::config::reader::Reader;
use crate::config::snapshot::Workspace;
use crate::ids::{TenantName, WorkspaceName};

/// A tenant and its regions.
type Tenant = (TenantName, Option<Vec<String>>);

pub(super) fn workspaces(document: &Document<'_>) -> Named<Arc<Workspace>> {
    let served: BTreeSet<&str> = document
        .providers
        .iter()
        .filter_map(|provider| provider.region)
        .collect();
    let tenants = document.tenants.iter().map(|entry| {
        let name = TenantName::from(entry.name.string().unwrap_or_default());
        let regions = entry.regions.as_deref().map(|regions| names(regions, &served));
        (entry.name.clone(), (name, regions))
    });
    let tenants: Named<Tenant> = Named::collect(tenants, "tenant");
    let workspaces = document.workspaces.iter().filter_map(|entry| {
        let tenant = entry
            .tenant
            .as_ref()
            .and_then(|tenant| tenants.look_up(tenant, "tenant"));
        let (tenant, bounds) = tenant.map_or((None, None), |(name, regions)| (Some(name), regions));
        let own = entry.regions.as_deref().map(|regions| {
            if let Some(bounds) = &bounds {
                check_bounds(regions, bounds, &served);
            }
            names(regions, &served)
        });
        let workspace = Workspace {
            name: WorkspaceName::from(entry.name.string()?),
            tenant,
            regions: own.or(bounds),
        };
        Some((entry.name.clone(), Arc::new(workspace)))
    });
    Named::collect(workspaces.collect::<Vec<_>>().into_iter(), "workspace")
}

/// The regions of a list. One in which no provider is would let nothing out: it is misspelt.
fn names(regions: &[Reader<'_>], served: &BTreeSet<&str>) -> Vec<String> {
    let name = |region: &Reader<'_>| {
        let name = region.string()?;
        // An account whose region is written wrongly may be the one that is meant.
        if served.contains(name) || served.contains("") {
            return Some(name.to_owned());
        }
        region.unknown_name("is the region of no provider", served.iter().copied())
    };
    regions.iter().filter_map(name).collect()
}

/// A workspace narrows what its tenant allows; it cannot widen it.
fn check_bounds(regions: &[Reader<'_>], bounds: &[String], served: &BTreeSet<&str>) {
    for region in regions {
        // One mistake is enough: a misspelt region is told as that, and the tenant's own list at its own place.
        let is_outside = region
            .value()
            .as_str()
            .is_some_and(|name| served.contains(name) && !bounds.iter().any(|bound| bound == name));
        if is_outside && !bounds.is_empty() {
            region.mistake::<()>(format!(
                "is not among the tenant's regions ({})",
                bounds.join(", ")
            ));
        }
    }
}
