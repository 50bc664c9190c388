//! The status page of a broker.

use std::net::SocketAddr;

use reqwest::Method;

use super::{Answer, Broker};

impl Broker {
    /// Where the status page is.
    pub fn status_address(&self) -> SocketAddr {
        self.status
    }

    /// A request to the status page.
    pub async fn status(&self, method: Method, path: &str) -> Answer {
        let url = format!("http://{}{path}", self.status);
        Answer::of(self.client.request(method, url)).await
    }
}
