//! The only calls of the host. All of them take and give bytes: the SDK's text variants panic on what is not UTF-8.
//! Each is called only in its phase, since the SDK panics on most refusals of the host too.

use std::time::{Duration, UNIX_EPOCH};

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, MapType, MetricType};
use shared::fleet::{METHOD, SERVICE, Service, envoy_cluster};
use shared::headers::{Edit, Headers, edits};
use shared::limits::MAX_SERVICE_ANSWER;
use shared::reply::Reply;
use shared::units::{Millis, Timestamp};

/// The property in the stream's filter state that both roles can read: `CLUSTER/CALL`, the next attempt's cluster and
/// the id of the call. The rendered route reads its beginning as `wasm.broker.upstream`.
const UPSTREAM: &str = "broker.upstream";

/// The property that holds the record; access logs read it as `%FILTER_STATE(wasm.llm:PLAIN)%`.
const RECORD: &str = "llm";

/// Up to how many bytes a body is put together before it is handed to the host, and the agent's is left with Envoy.
/// From about here on a copy more costs more than a call of the host.
const JOINED: usize = 4 << 10;

/// The host's clock.
pub fn now() -> Timestamp {
    let since_epoch = hostcalls::get_current_time()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Timestamp(
        since_epoch
            .and_then(|elapsed| u64::try_from(elapsed.as_nanos()).ok())
            .unwrap_or_default(),
    )
}

pub fn request_headers() -> Headers {
    Headers::new(hostcalls::get_map_bytes(MapType::HttpRequestHeaders).unwrap_or_default())
}

pub fn remove_request_header(name: &str) {
    log_failure(&hostcalls::remove_map_value(MapType::HttpRequestHeaders, name));
}

pub fn set_request_header(name: &str, value: &str) {
    let value = Some(value.as_bytes());
    log_failure(&hostcalls::set_map_value_bytes(
        MapType::HttpRequestHeaders,
        name,
        value,
    ));
}

pub fn replace_request_headers(headers: Vec<(&str, &[u8])>) {
    log_failure(&hostcalls::set_map_bytes(MapType::HttpRequestHeaders, headers));
}

/// Removes what follows the request's body: no API has anything there, and an agent could put its token in it.
pub fn clear_request_trailers() {
    log_failure(&hostcalls::set_map_bytes(
        MapType::HttpRequestTrailers,
        Vec::new(),
    ));
}

/// Removes what follows the answer's body.
pub fn clear_response_trailers() {
    log_failure(&hostcalls::set_map_bytes(
        MapType::HttpResponseTrailers,
        Vec::new(),
    ));
}

pub fn response_headers() -> Vec<(String, Vec<u8>)> {
    hostcalls::get_map_bytes(MapType::HttpResponseHeaders).unwrap_or_default()
}

pub fn set_response_header(name: &str, value: &str) {
    let value = Some(value.as_bytes());
    log_failure(&hostcalls::set_map_value_bytes(
        MapType::HttpResponseHeaders,
        name,
        value,
    ));
}

pub fn remove_response_header(name: &str) {
    log_failure(&hostcalls::remove_map_value(MapType::HttpResponseHeaders, name));
}

pub fn response_status() -> Option<u16> {
    let value = hostcalls::get_map_value_bytes(MapType::HttpResponseHeaders, ":status").ok()??;
    std::str::from_utf8(&value).ok()?.parse().ok()
}

/// Makes the wanted headers out of the given ones. Most stay as they are, so single edits cost the host less than a
/// new map.
pub fn edit_response_headers(given: &[(String, Vec<u8>)], wanted: &[(&str, &[u8])]) {
    let map = MapType::HttpResponseHeaders;
    for edit in edits(given, wanted) {
        log_failure(&match edit {
            Edit::Remove(name) => hostcalls::remove_map_value(map, name),
            Edit::Set(name, value) => hostcalls::set_map_value_bytes(map, name, Some(value)),
            Edit::Add(name, value) => hostcalls::add_map_value_bytes(map, name, value),
        });
    }
}

/// All of the request's body that is at hand: what is held back, or the part that passes.
pub fn request_body(length: usize) -> Vec<u8> {
    hostcalls::get_buffer(BufferType::HttpRequestBody, 0, length)
        .ok()
        .flatten()
        .unwrap_or_default()
}

/// Replaces the part of the request's body that is at hand. Small pieces are joined first: a call of the host costs
/// more than copying them. Large ones are handed over as they are.
pub fn replace_request_body(length: usize, pieces: &[&[u8]]) {
    let total: usize = pieces.iter().map(|piece| piece.len()).sum();
    if total <= JOINED {
        set_request_buffer(0, length, &pieces.concat());
        return;
    }
    for (index, piece) in pieces.iter().enumerate() {
        // The host appends what begins past the end of its buffer.
        let (start, replaced) = if index == 0 {
            (0, length)
        } else {
            (usize::MAX >> 1, 0)
        };
        set_request_buffer(start, replaced, piece);
    }
}

/// Leaves next to nothing of the request's body that is held back. Every attempt is given its own body, so that
/// Envoy need not copy the agent's for each.
pub fn drop_request_body(length: usize) {
    if length > JOINED {
        set_request_buffer(0, length, b" ");
    }
}

fn set_request_buffer(start: usize, length: usize, bytes: &[u8]) {
    let buffer = BufferType::HttpRequestBody;
    log_failure(&hostcalls::set_buffer(buffer, start, length, bytes));
}

/// A part of the response's body that is at hand.
pub fn response_body(start: usize, length: usize) -> Vec<u8> {
    if length == 0 {
        return Vec::new();
    }
    hostcalls::get_buffer(BufferType::HttpResponseBody, start, length)
        .ok()
        .flatten()
        .unwrap_or_default()
}

pub fn replace_response_body(length: usize, chunk: &[u8]) {
    log_failure(&hostcalls::set_buffer(
        BufferType::HttpResponseBody,
        0,
        length,
        chunk,
    ));
}

/// Answers the call in Envoy's place.
pub fn reply(reply: &Reply) {
    let headers = reply
        .headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    log_failure(&hostcalls::send_http_response(
        reply.status.into(),
        headers,
        Some(&reply.body),
    ));
}

/// Lets a request go on that was held back, after the callback.
pub fn resume_request() {
    log_failure(&hostcalls::resume_http_request());
}

/// Sends a question to the rate limit service, and tells whether Envoy took it. Its answer comes to the context in whose
/// callback this is.
pub fn ask_service(service: &Service, message: &[u8], timeout: Millis) -> bool {
    // The SDK takes text only, and this message has nothing in it but names of ASCII and small numbers.
    let cluster = envoy_cluster(&service.cluster);
    let Ok(cluster) = std::str::from_utf8(&cluster) else {
        return false;
    };
    let timeout = Duration::from_millis(timeout.0);
    hostcalls::dispatch_grpc_call(cluster, SERVICE, METHOD, Vec::new(), Some(message), timeout).is_ok()
}

/// The answer of the rate limit service, or the status of gRPC with which there is none.
pub fn service_answer(status: u32, length: usize) -> Result<Vec<u8>, u32> {
    if status != 0 {
        return Err(status);
    }
    let length = length.min(MAX_SERVICE_ANSWER);
    let answer = hostcalls::get_buffer(BufferType::GrpcReceiveBuffer, 0, length);
    Ok(answer.ok().flatten().unwrap_or_default())
}

/// The id of the call that this stream belongs to.
pub fn call_id() -> Option<u32> {
    let value = hostcalls::get_property(vec![UPSTREAM]).ok()??;
    let (_, id) = std::str::from_utf8(&value).ok()?.rsplit_once('/')?;
    id.parse().ok()
}

/// Names the cluster that the route picks when it is looked up next, and the call.
pub fn set_upstream(cluster: &str, call_id: u32) {
    let value = [cluster, "/", &call_id.to_string()].concat();
    log_failure(&hostcalls::set_property(vec![UPSTREAM], Some(value.as_bytes())));
}

pub fn set_record(line: &[u8]) {
    log_failure(&hostcalls::set_property(vec![RECORD], Some(line)));
}

/// A value of the stream's dynamic metadata, which filters before this one leave; text comes as it is.
pub fn metadata(namespace: &str, path: &[String]) -> Option<Vec<u8>> {
    let mut whole = vec!["metadata", "filter_metadata", namespace];
    whole.extend(path.iter().map(String::as_str));
    hostcalls::get_property(whole).ok().flatten()
}

/// The first URI among the names in the client's certificate.
pub fn certificate_uri() -> Option<Vec<u8>> {
    let uri = hostcalls::get_property(vec!["connection", "uri_san_peer_certificate"]);
    uri.ok().flatten().filter(|uri| !uri.is_empty())
}

/// The status that the agent got, asked when the call is over; `None` if it got none.
pub fn sent_status() -> Option<u16> {
    let bytes = hostcalls::get_property(vec!["response", "code"]).ok()??;
    u16::try_from(i64::from_le_bytes(bytes.try_into().ok()?))
        .ok()
        .filter(|status| *status > 0)
}

/// Envoy's response flags by which an answer was broken off on the provider's side: no answer in time, a reset from
/// there, no connection, a connection that broke, silence, an error of the protocol.
/// <https://github.com/envoyproxy/envoy/blob/main/envoy/stream_info/stream_info.h>
const BROKEN_UPSTREAM: u64 = 1 << 2 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 16 | 1 << 23;

/// Whether it was the provider who broke off the answer, asked when the call is over.
pub fn has_provider_broken_off() -> bool {
    let flags = hostcalls::get_property(vec!["response", "flags"]);
    let flags = flags.ok().flatten().and_then(|bytes| bytes.try_into().ok());
    flags.is_some_and(|flags| u64::from_le_bytes(flags) & BROKEN_UPSTREAM != 0)
}

/// Whether the attempt that is over never had a connection.
pub fn is_connect_failure() -> bool {
    let reason = hostcalls::get_property(vec!["upstream", "transport_failure_reason"]);
    matches!(reason, Ok(Some(reason)) if !reason.is_empty())
}

/// The status of the answer to a call of our own that is at hand; `None` if there is no answer.
pub fn call_status() -> Option<u16> {
    let value = hostcalls::get_map_value_bytes(MapType::HttpCallResponseHeaders, ":status").ok()??;
    std::str::from_utf8(&value).ok()?.parse().ok()
}

/// Defines a metric and gives its id.
pub fn define_metric(name: &str, is_histogram: bool) -> Option<u32> {
    let kind = if is_histogram {
        MetricType::Histogram
    } else {
        MetricType::Counter
    };
    hostcalls::define_metric(kind, name).ok()
}

pub fn add_to_counter(id: u32, value: u64) {
    log_failure(&hostcalls::increment_metric(
        id,
        i64::try_from(value).unwrap_or(i64::MAX),
    ));
}

pub fn record_in_histogram(id: u32, value: u64) {
    log_failure(&hostcalls::record_metric(id, value));
}

fn log_failure<T>(result: &Result<T, proxy_wasm::types::Status>) {
    if let Err(status) = result {
        log::warn!("a call of the host failed: {status:?}");
    }
}
