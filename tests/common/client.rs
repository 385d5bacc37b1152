//! What a client of a deployment sends, and what it reads of the answers: JSON with a key,
//! pages and forms with the cookie of somebody who is signed in.

use edgespan::access::scope::Scopes;
use edgespan::reply::Reply;
use serde_json::Value;

use super::platform::{KEY, Native, Sent};

/// The header that a browser sends with a form of the deployment's own pages.
pub const ORIGIN: (&str, &str) = ("origin", "https://edgespan.test");

impl Native {
    /// A deployment whose key has these scopes.
    pub fn with_scopes(scopes: &str) -> Self {
        let native = Self::new();
        native.0.scopes.set(Scopes::parse(scopes).unwrap());
        native
    }

    /// The same with a row for the key's project and one for another.
    pub fn with_projects(scopes: &str) -> Self {
        let native = Self::with_scopes(scopes);
        native.execute("insert into project (id, name, created_ms) values ('p1', 'shop', 1), ('p2', 'other', 1)");
        native
    }

    /// Changes the database.
    pub fn execute(&self, sql: &str) {
        self.0.world.db.execute(sql);
    }

    /// The status of a request with this key or secret, and its answer; a body of `null` is
    /// none.
    pub fn ask_as(
        &self,
        token: &str,
        method: &'static str,
        path: &str,
        body: &Value,
    ) -> (u16, Value) {
        let sent = Sent::new(method, path).bearer(token).header("content-type", "application/json");
        let sent = if body.is_null() { sent } else { sent.body(body.to_string()) };
        let reply = self.serve(sent).reply;
        (reply.status, serde_json::from_str(reply.text()).unwrap())
    }

    /// The same with [`KEY`].
    pub fn ask(&self, method: &'static str, path: &str, body: &Value) -> (u16, Value) {
        self.ask_as(KEY, method, path, body)
    }

    /// The cookie of somebody who signs in with [`KEY`].
    pub fn sign_in(&self) -> String {
        let form = Sent::new("POST", "/sign-in").header(ORIGIN.0, ORIGIN.1);
        let reply = self.serve(form.body(format!("key={KEY}"))).reply;
        cookie(&reply).unwrap().to_owned()
    }

    /// A page, as somebody sees it who is signed in.
    pub fn page(&self, cookie: &str, path: &str) -> Reply {
        self.serve(Sent::new("GET", path).header("cookie", cookie)).reply
    }
}

/// A form that somebody sends who is signed in.
pub fn form(path: &str, cookie: &str, body: &str) -> Sent {
    Sent::new("POST", path).header(ORIGIN.0, ORIGIN.1).header("cookie", cookie).body(body)
}

/// A header of a reply.
pub fn header<'r>(reply: &'r Reply, name: &str) -> Option<&'r str> {
    reply.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value)
}

/// The cookie that a reply sets, without what it says of it.
pub fn cookie(reply: &Reply) -> Option<&str> {
    header(reply, "set-cookie")?.split(';').next()
}
