//! Pages for people who are signed in, and the page of a failure.

use super::share;
use super::sign_in::{find_principal, is_part, signed_in};
use crate::access::api_keys::Principal;
use crate::access::scope::Scope;
use crate::dashboard;
use crate::dashboard::Page;
use crate::dashboard::ui::layout;
use crate::dashboard::view::View;
use crate::error::Error;
use crate::http::address::Address;
use crate::http::exchange::Exchange;
use crate::http::platform::{Platform, RequestHead};
use crate::reply::{Reply, error_headers};

/// A page, for whoever is signed in; others are sent to sign in.
pub(in crate::http) async fn show<P: Platform, R: RequestHead>(
    exchange: &mut Exchange<'_, P, R>,
    page: &Page,
) -> Result<Reply, Error> {
    let url = exchange.url();
    let at = Address::of(&url);
    if let Some(host) = share::find_host(exchange, page).await? {
        let who = find_principal(exchange).await?;
        // Whoever is signed in to another project sees by a link what others see by it.
        if who.is_none_or(|who| who.project != host.project) {
            return show_to(exchange, &host, page, true).await;
        }
    }
    let from = asked_from(exchange, &at);
    match signed_in(exchange, &from).await? {
        Ok(who) => show_to(exchange, &who, page, false).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

async fn show_to<P: Platform, R: RequestHead>(
    exchange: &Exchange<'_, P, R>,
    who: &Principal,
    page: &Page,
    guest: bool,
) -> Result<Reply, Error> {
    let url = exchange.url();
    let at = Address::of(&url);
    let (db, store) = (exchange.platform.db()?, exchange.platform.store()?);
    let view = View {
        guest,
        admin: !guest && who.scopes.check(Scope::Admin).is_ok(),
        ..view_of(exchange, who, &at, (&db, &store))
    };
    dashboard::answer(page, &view).await
}

/// What a page is made from, for whoever is signed in.
pub(super) fn view_of<'v, P: Platform, R: RequestHead>(
    exchange: &'v Exchange<'_, P, R>,
    who: &'v Principal,
    at: &Address<'v>,
    (db, store): (&'v P::Db, &'v P::Store),
) -> View<'v, P::Db, P::Store> {
    View {
        project: &who.project,
        project_name: &who.project_name,
        key_id: &who.key_id,
        guest: false,
        admin: who.scopes.check(Scope::Admin).is_ok(),
        query: at.query,
        origin: at.origin,
        part: is_part(exchange),
        known: exchange.header("if-none-match"),
        plain: wants_plain(exchange.header("cookie").as_deref()),
        local: exchange.platform.is_local(),
        now: exchange.started,
        db,
        source: exchange.source(store),
    }
}

/// Whether texts are to be as they were sent: a page's script keeps that in a cookie.
fn wants_plain(cookies: Option<&str>) -> bool {
    cookies.is_some_and(|all| all.split(';').any(|cookie| cookie.trim() == "texts=plain"))
}

/// The path of the page that somebody looks at: this one, or the one that has htmx ask
/// for a part.
fn asked_from<P: Platform, R: RequestHead>(
    exchange: &Exchange<'_, P, R>,
    at: &Address<'_>,
) -> String {
    let current = exchange.header("hx-current-url").filter(|_| is_part(exchange));
    current.as_deref().map_or(at.target, |url| Address::of(url).target).to_owned()
}

/// The page of a failure.
pub(in crate::http) fn failure(error: &Error, project: Option<&str>, id: &str) -> Reply {
    let (status, page) = layout::error_page(error, project, id);
    let mut reply = Reply::html(status, page);
    // What the API's answer says in headers (when to come back, what may be asked) holds
    // for pages too.
    reply.headers.extend(error_headers(error));
    reply
}
